/** The people, bots and chats of the simulated organizations, with ids of the form that Lark gives them. */
import { createHash } from 'node:crypto';
import type { SimulatedPerson } from '../../../src/kernel/simulated-chat.ts';

export interface LarkPerson extends SimulatedPerson {
  /** `on_…`: the person towards all apps of one developer. */
  unionId: string;
  email: string;
}

/** A person with made-up ids that are the same in every run; `platformUserId` is the open_id towards the first app. */
export function createPerson(
  key: string,
  name: string,
  platformUserId = `ou_${digest(`person ${key}`)}`,
  unionId = `on_${digest(`union ${key}`)}`,
): LarkPerson {
  return { key, name, platformUserId, unionId, email: `${key}@simulator.test` };
}

/** Five people, for scripts that bring none of their own. */
export const samplePeople: readonly LarkPerson[] = [
  createPerson('ann', 'Ann Archer'),
  createPerson('ben', 'Ben Brook'),
  createPerson('cara', 'Cara Cole'),
  createPerson('dan', 'Dan Dale'),
  createPerson('eve', 'Eve East'),
];

/** An id that depends on the text alone: 32 hexadecimal digits. */
export function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

export type PersonIdType = 'open_id' | 'union_id' | 'email';

/** Who is who towards which app: an open_id is good for one app only. */
export class Directory {
  readonly people: readonly LarkPerson[];
  readonly #firstAppId: string;
  /** Authors of messages who are not among the people, by name. */
  readonly #others = new Map<string, LarkPerson>();

  /** @param firstAppId the app towards which `platformUserId` is the open_id. */
  constructor(people: readonly LarkPerson[], firstAppId: string) {
    this.people = people;
    this.#firstAppId = firstAppId;
  }

  /** The person of this key. @throws Error when there is none */
  person(key: string): LarkPerson {
    const person = this.people.find((candidate) => candidate.key === key);
    if (person === undefined) throw new Error(`nobody is called "${key}"`);
    return person;
  }

  /** The person of this key or name; somebody else of the organization when it is none of the people. */
  author(name: string): LarkPerson {
    const known = this.people.find((person) => person.key === name || person.name === name);
    const person = known ?? this.#others.get(name) ?? createPerson(`other-${digest(name).slice(0, 8)}`, name);
    if (known === undefined) this.#others.set(name, person);
    return person;
  }

  openId(person: LarkPerson, appId: string): string {
    return appId === this.#firstAppId ? person.platformUserId : `ou_${digest(`${appId} ${person.key}`)}`;
  }

  botOpenId(appId: string): string {
    return `ou_${digest(`bot ${appId}`)}`;
  }

  /** The person whom an app names so; null when there is none. */
  find(type: PersonIdType, id: string, appId: string): LarkPerson | null {
    const everybody = [...this.people, ...this.#others.values()];
    return everybody.find((person) => this.#idOf(type, person, appId) === id) ?? null;
  }

  #idOf(type: PersonIdType, person: LarkPerson, appId: string): string {
    if (type === 'open_id') return this.openId(person, appId);
    return type === 'union_id' ? person.unionId : person.email;
  }
}
