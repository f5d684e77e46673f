/** What the notifier's trials have to deliver: to people, groups, channels and feeds, of all categories and policies. */
import type { Category, UnknownPolicy } from '../../src/notify/records.ts';
import type { NotifierWorld, TrialTenant } from './notifier-world.ts';
import { feedEach } from './notifier-world.ts';
import type { Random } from './random.ts';

const categories: readonly Category[] = [
  'assignment',
  'escalation',
  'announcement',
  'sla_risk',
  'customer_reply',
  'operation_result',
  'approval_request',
];

export class TrialLoad {
  /** By notification, how many deliveries must come of it. */
  readonly expected = new Map<string, number>();
  readonly #world: NotifierWorld;
  readonly #random: Random;

  constructor(world: NotifierWorld, random: Random) {
    this.#world = world;
    this.#random = random;
  }

  /** Notifies until so many deliveries are unfinished, although workers go on meanwhile. */
  async topUp(unfinished: number): Promise<void> {
    const world = this.#world;
    for (let known = await world.unfinished(); known < unfinished; known = await world.unfinished()) {
      while (known < unfinished) {
        known += await this.#notify(this.#random.pick(world.tenants));
        // What is accepted later comes later.
        await world.time.run(() => false, this.#random.between(1, 60));
      }
    }
  }

  /** @returns how many deliveries come of it */
  async #notify(tenant: TrialTenant): Promise<number> {
    const random = this.#random;
    const category = random.pick(categories);
    const chosen = tenant.users.filter(() => random.chance(0.5));
    const people = chosen.length === 0 ? tenant.users.slice(0, 1) : chosen;
    const places = tenant.places.filter(() => random.chance(0.5));
    // One in three keeps its category's own.
    const onUnknown = random.pick<UnknownPolicy | 'default'>(['hold', 'resend', 'default']);
    const { notificationId } = await this.#world.enqueue(tenant, {
      category,
      content: { kind: 'text', title: 'Something happened', text: 'This is what.', ticket: null },
      target: null,
      actorUserId: null,
      to: [
        ...people.map((user) => ({ user })),
        ...places.map((address) => ({ registration: tenant.registrationId, address })),
      ],
      ...(onUnknown === 'default' ? {} : { onUnknown }),
      createdBy: { kind: 'operator', id: null },
    });
    const inFeeds = category === 'approval_request' ? this.#inFeeds(tenant, people) : 0;
    const deliveries = people.length + places.length + inFeeds;
    this.expected.set(notificationId, deliveries);
    return deliveries;
  }

  /** How many people are told of an approval twice. */
  #inFeeds({ users }: TrialTenant, people: readonly string[]): number {
    if (this.#world.platform.personalTypes.length < 2) return 0;
    return people.filter((user) => users.indexOf(user) % feedEach === 0).length;
  }
}
