/** The people, apps and conversations of the simulated organization, with ids of the form that Teams gives them. */
import { createHash } from 'node:crypto';

export interface SimulatedPerson {
  /** Short name for scripts, e.g. `ann`. */
  key: string;
  name: string;
  /** The id that Teams gives the person towards the bot. */
  id: string;
  /** Entra object id. */
  aadObjectId: string;
}

/** A conversation as a script names it; `id` without thread. */
export interface SimulatedConversation {
  type: 'personal' | 'groupChat' | 'channel';
  id: string;
  /** Root message of the thread that is written in; a new thread without it. Channels only. */
  threadId?: string;
  /** Channels only. */
  teamId?: string;
  /** Channels only: the team as Graph knows it. */
  groupId?: string;
  /** Personal chats only: whose it is. */
  personId?: string;
}

/** A person with made-up ids that are the same in every run. */
export function createPerson(
  key: string,
  name: string,
  aadObjectId = stableGuid(`person ${key}`),
): SimulatedPerson {
  return { key, name, id: `29:1${digest(`person ${key}`, 'base64url').slice(0, 42)}`, aadObjectId };
}

/** Five people, for scripts that bring none of their own. */
export const samplePeople: readonly SimulatedPerson[] = [
  createPerson('ann', 'Ann Archer'),
  createPerson('ben', 'Ben Brook'),
  createPerson('cara', 'Cara Cole'),
  createPerson('dan', 'Dan Dale'),
  createPerson('eve', 'Eve East'),
];

/** The one personal chat of a person with an app in an organization. */
export function personalChat(
  person: SimulatedPerson,
  appId: string,
  organization: string,
): SimulatedConversation {
  const id = digest(`chat ${appId} ${organization} ${person.aadObjectId}`, 'base64url');
  return { type: 'personal', id: `a:1${id}`, personId: person.id };
}

/** A group chat, the same for the same name. */
export function groupChat(name: string): SimulatedConversation {
  return { type: 'groupChat', id: `19:${digest(`group ${name}`, 'hex').slice(0, 32)}@thread.v2` };
}

/** A channel, the same for the same name. */
export function channel(name: string, threadId?: string): SimulatedConversation {
  const id = `19:${digest(`channel ${name}`, 'hex').slice(0, 32)}@thread.tacv2`;
  const teamId = `19:${digest(`team ${name}`, 'hex').slice(0, 32)}@thread.tacv2`;
  const found = { type: 'channel', id, teamId, groupId: stableGuid(`team ${name}`) } as const;
  return threadId === undefined ? found : { ...found, threadId };
}

/** A GUID that depends on the text alone. */
export function stableGuid(text: string): string {
  const hex = digest(text, 'hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

function digest(text: string, encoding: 'hex' | 'base64url'): string {
  return createHash('sha256').update(text).digest(encoding);
}
