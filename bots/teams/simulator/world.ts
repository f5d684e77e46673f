/** The conversations and people behind the simulated connector and Graph, and how they treat the bot. */
import { resourcePermissions } from '../graph-permissions.ts';
import { type Answer, failure } from './answers.ts';
import { personalChat, type SimulatedConversation, type SimulatedPerson } from './people.ts';

/** `blocked`: the person blocked the bot. `uninstalled`: the bot is not there (any more). */
export type Refused = 'blocked' | 'uninstalled';

export class World {
  readonly people: readonly SimulatedPerson[];
  readonly organization: string;
  /** By conversation, a person's chat too. */
  readonly refusals = new Map<string, Refused>();
  /** Region of the organizations, as service URLs name it. Requests by another region's are refused once it changes. */
  region = 'amer';
  /** Permissions that came with the app package, in every place where it is installed. */
  readonly grants = new Set(resourcePermissions);
  /** A longer activity is refused with 413. */
  maxActivityBytes = 100_000;
  readonly #open = new Map<string, SimulatedConversation>();

  constructor(people: readonly SimulatedPerson[], organization: string) {
    this.people = people;
    this.organization = organization;
  }

  /** Makes a conversation known; the bot gets 404 for any other. */
  open(conversation: SimulatedConversation): void {
    this.#open.set(conversation.id, conversation);
  }

  find(conversationId: string): SimulatedConversation | null {
    return this.#open.get(conversationId) ?? null;
  }

  /** The conversation for which this is true. */
  search(fits: (conversation: SimulatedConversation) => boolean): SimulatedConversation | null {
    for (const conversation of this.#open.values()) if (fits(conversation)) return conversation;
    return null;
  }

  /** By either of the person's ids. */
  person(id: string): SimulatedPerson | null {
    return this.people.find((person) => person.id === id || person.aadObjectId === id) ?? null;
  }

  /** How the bot is refused in a person's chat; null: it is not. */
  refusedBy(person: SimulatedPerson, appId: string, organization: string): Refused | null {
    return this.refusals.get(personalChat(person, appId, organization).id) ?? null;
  }

  /** The connector's refusal of anything said there; null where the bot may speak. */
  refusal(conversationId: string): Answer | null {
    if (!this.#open.has(conversationId)) return failure(404, 'ConversationNotFound');
    switch (this.refusals.get(conversationId)) {
      case 'blocked':
        return failure(403, 'ConversationBlockedByUser');
      case 'uninstalled':
        return failure(403, 'BotNotInConversationRoster');
      default:
        return null;
    }
  }

  /** The refusal of a request by another region's service URL; `/teams/` serves them all. */
  otherRegion(prefix: string): Answer | null {
    const region = /^\/([a-z]{2,5})\//.exec(prefix)?.[1] ?? this.region;
    if (region === this.region || region === 'teams') return null;
    return failure(403, 'BadArgument', 'User is from different region');
  }
}
