/** Who and what there is in the simulated Slack: installations of apps, people, and the conversations they are in. */
import type { SimulatedInstallation, Where } from '../../../src/kernel/simulated-chat.ts';
import {
  type SlackApp,
  type SlackOrganization,
  type SlackPerson,
  type SlackTeam,
  stableId,
  teamsOf,
} from './people.ts';

export interface Installation extends SimulatedInstallation {
  app: SlackApp;
  /** Set when the whole enterprise installed the app, not one workspace. */
  enterprise: SlackOrganization | null;
  /** The workspace, or the workspaces of the enterprise. */
  teams: readonly SlackTeam[];
  botUserId: string;
  botId: string;
}

export interface SlackConversation {
  /** `D…`, `G…` or `C…` */
  id: string;
  kind: 'personal' | 'group' | 'channel';
  name: string;
  organization: string;
  teamId: string;
  /** User ids of people and bots. */
  members: Set<string>;
}

/** Who acts where, towards which installation of which app. */
export interface Scene {
  installation: Installation;
  person: SlackPerson;
  conversation: SlackConversation;
  /** The workspace in which the person acts. */
  team: SlackTeam;
  /** Root of the thread. */
  threadTs: string | null;
}

/** Made from the options once; conversations are added as they are used. */
export class World {
  readonly installations: readonly Installation[];
  readonly #people: Map<string, SlackPerson>;
  readonly #conversations = new Map<string, SlackConversation>();

  /** @throws Error when an app is installed in an organization that there is not. */
  constructor(
    apps: readonly SlackApp[],
    organizations: readonly SlackOrganization[],
    people: readonly SlackPerson[],
  ) {
    this.#people = new Map(people.map((person) => [person.platformUserId, person]));
    this.installations = apps.flatMap((app) =>
      app.installations.map(({ organization: id, key }) => {
        const organization = organizations.find((candidate) => candidate.id === id);
        if (organization === undefined) throw new Error(`there is no organization ${id}`);
        return installationOf(app, organization, key);
      }),
    );
  }

  get people(): SlackPerson[] {
    return [...this.#people.values()];
  }

  /** The installation of this key; the first one without it. @throws Error when there is none */
  installation(key?: string): Installation {
    const found = key === undefined ? this.installations[0] : this.installationOf((one) => one.key === key);
    if (found === undefined || found === null) throw new Error(`there is no installation "${key ?? ''}"`);
    return found;
  }

  installationOf(fits: (installation: Installation) => boolean): Installation | null {
    return this.installations.find(fits) ?? null;
  }

  /** The person of this key; the first one without it. @throws Error when there is none */
  person(key?: string): SlackPerson {
    const found = key === undefined ? this.people[0] : this.people.find((one) => one.key === key);
    if (found === undefined) throw new Error(`nobody is called "${key ?? ''}"`);
    return found;
  }

  /** A person of the installation's organization by user id; null for anybody else. */
  user(installation: Installation, userId: string): SlackPerson | null {
    const person = this.#people.get(userId);
    return person !== undefined && teamOf(installation, person) !== null ? person : null;
  }

  /** The display name behind any user id, of a bot too; null when it is nobody's. */
  nameOf(userId: string): string | null {
    const bot = this.installationOf(({ botUserId }) => botUserId === userId);
    return this.#people.get(userId)?.name ?? bot?.app.name ?? null;
  }

  /** The key of the person with this user id; null when it is nobody's. */
  keyOf(userId: string): string | null {
    return this.#people.get(userId)?.key ?? null;
  }

  /** Somebody by key or name, added when there is nobody of that name. */
  someone(name: string): SlackPerson {
    const known = this.people.find((person) => person.key === name || person.name === name);
    if (known !== undefined) return known;
    const platformUserId = stableId('U', `person ${name}`);
    const email = `${platformUserId.toLowerCase()}@people.example`;
    const person: SlackPerson = { key: platformUserId, name, platformUserId, email };
    this.#people.set(platformUserId, person);
    return person;
  }

  conversation(id: string): SlackConversation | null {
    return this.#conversations.get(id) ?? null;
  }

  /** The one direct conversation of a person with the bot. */
  personalChat(installation: Installation, person: SlackPerson): SlackConversation {
    const { platformUserId } = person;
    return this.#open(
      stableId('D', `${installation.botUserId} ${platformUserId}`),
      'personal',
      'directmessage',
      installation,
      () => new Set([platformUserId, installation.botUserId]),
    );
  }

  /** A group or channel, the same for the same name in an organization; the bot is in it once it was brought there. */
  shared(installation: Installation, kind: 'group' | 'channel', name: string): SlackConversation {
    const id = stableId(kind === 'group' ? 'G' : 'C', `${installation.organization} ${name}`);
    return this.#open(id, kind, name, installation, () => {
      const inside = this.people.filter((person) => teamOf(installation, person) !== null);
      return new Set(inside.map(({ platformUserId }) => platformUserId));
    });
  }

  #open(
    id: string,
    kind: SlackConversation['kind'],
    name: string,
    installation: Installation,
    members: () => Set<string>,
  ): SlackConversation {
    const known = this.#conversations.get(id);
    if (known !== undefined) return known;
    const { organization } = installation;
    const teamId = installation.teams[0]?.id ?? organization;
    const opened = { id, kind, name, organization, teamId, members: members() };
    this.#conversations.set(id, opened);
    return opened;
  }
}

/** The workspace in which the person uses the installation; null when they share none. */
export function teamOf(installation: Installation, person: SlackPerson): SlackTeam | null {
  const own = installation.teams.find(({ id }) => person.teams === undefined || person.teams.includes(id));
  return own ?? null;
}

/** Where somebody acts; the first of everything that is left out. @throws Error for somebody or something unknown */
export function sceneOf(world: World, { as, installation: key, place, thread }: Where): Scene {
  const installation = world.installation(key);
  const person = world.person(as);
  const team = teamOf(installation, person);
  if (team === null) throw new Error(`${person.key} is not in ${installation.organization}`);
  const known = place === undefined && thread !== undefined ? world.conversation(thread.conversation) : null;
  const conversation =
    place !== undefined && place.kind !== 'personal'
      ? world.shared(installation, place.kind, place.name)
      : (known ?? world.personalChat(installation, person));
  const threadTs = thread === undefined ? null : (thread.replyTo ?? thread.id);
  return { installation, person, conversation, team, threadTs };
}

function installationOf(app: SlackApp, organization: SlackOrganization, key?: string): Installation {
  const seed = `${app.appId} ${organization.id}`;
  return {
    key: key ?? `${app.appId}:${organization.id}`,
    appId: app.appId,
    organization: organization.id,
    app,
    enterprise: organization.id.startsWith('E') ? organization : null,
    teams: teamsOf(organization),
    botUserId: stableId('U', `bot ${seed}`),
    botId: stableId('B', seed),
  };
}
