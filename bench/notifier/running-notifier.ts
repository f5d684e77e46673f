/** The product's notifier in this process, with what it did counted. */

import { slack } from '../../bots/slack/index.ts';
import { Nonces } from '../../src/inbound/nonces.ts';
import type { Transaction } from '../../src/infra/database.ts';
import type { OutboundDelivery } from '../../src/kernel/notification.ts';
import type { BotPlatform, BotRuntime } from '../../src/kernel/platform.ts';
import { systemClock } from '../../src/kernel/ports.ts';
import { enqueueNotification, type NotificationRequest } from '../../src/notify/enqueue.ts';
import { expandNotification } from '../../src/notify/expand-audience.ts';
import { notifyNow } from '../../src/notify/notify-now.ts';
import type { Recipient } from '../../src/notify/recipients.ts';
import { startNotifier } from '../../src/notify/start-notifier.ts';
import { DatabaseTime } from '../../src/notify/time.ts';
import { silentLog } from '../../test/support/log.ts';
import type { Tenant, World } from './world.ts';

/** What was sent, and whether each left once. */
export class Tally {
  /** Committed as sent. */
  sent = 0;
  /** By tenant, what left. */
  readonly left = new Map<string, number>();
  readonly #tokens = new Set<string>();
  #repeats = 0;
  #others: string[] = [];
  #waiting: { count: number; resolve: () => void } | null = null;

  reset(): void {
    this.sent = 0;
    this.left.clear();
    this.#tokens.clear();
    this.#repeats = 0;
    this.#others = [];
  }

  onWire({ token, registration }: OutboundDelivery): void {
    if (this.#tokens.has(token)) this.#repeats += 1;
    this.#tokens.add(token);
    this.left.set(registration.tenantId, (this.left.get(registration.tenantId) ?? 0) + 1);
  }

  ended(status: string, errorCode: string | null): void {
    if (status === 'sent') this.sent += 1;
    else this.#others.push(`${status} ${errorCode}`);
    if (this.#waiting !== null && this.sent + this.#others.length >= this.#waiting.count) {
      this.#waiting.resolve();
      this.#waiting = null;
    }
  }

  /** Resolves when so many are over. */
  async until(count: number): Promise<void> {
    if (this.sent + this.#others.length >= count) return;
    await new Promise<void>((resolve) => {
      this.#waiting = { count, resolve };
    });
  }

  /** @throws Error unless every one left once and was sent */
  check(count: number): void {
    const { sent } = this;
    const distinct = this.#tokens.size;
    if (sent === count && distinct === count && this.#repeats === 0 && this.#others.length === 0) return;
    const others = [...new Set(this.#others)].join(', ');
    throw new Error(`of ${count}: ${distinct} left, ${this.#repeats} twice, ${sent} sent; others: ${others}`);
  }
}

const nonces = new Nonces('nonces of the benchmark');

/** Starts it as the product does, on one platform. @returns what ends it */
export async function runNotifier(
  world: World,
  { platform, runtime }: { platform: BotPlatform; runtime: BotRuntime },
  tally: Pick<Tally, 'ended'>,
): Promise<() => Promise<void>> {
  const { database, appUrl, registrations } = world;
  const time = new DatabaseTime();
  await time.align(database.directory);
  const running = startNotifier({
    database,
    listenUrl: appUrl,
    log: silentLog,
    registrations,
    platforms: new Map([[platform.id, platform]]),
    runtime: async () => runtime,
    publicUrl: 'http://127.0.0.1:3978',
    nonce: nonces.issueForDelivery.bind(nonces),
    time,
    observe: {
      ended: (_platform, status, errorCode) => tally.ended(status, errorCode),
      throttled: () => undefined,
    },
  });
  return () => running.close();
}

/** Accepts an announcement in a transaction of its own; the notifier makes its deliveries. @returns its id */
export async function announce(world: World, tenant: Tenant, to: readonly Recipient[]): Promise<string> {
  const work = (tx: Transaction) => enqueueNotification(tx, announcement(to), new Date());
  return (await world.database.inTenant(tenant.tenantId, work)).notificationId;
}

/** How one person is told. */
export const announcers = {
  event: announce,
  /** The delivery is made in the same transaction. */
  request: async (world: World, tenant: Tenant, to: readonly Recipient[]) => {
    const deps = { addressingOf: () => slack.addressing };
    await world.database.inTenant(
      tenant.tenantId,
      (tx) => notifyNow(tx, deps, announcement(to), to.length, new Date()),
      { fixedPlans: true },
    );
  },
};

function announcement(to: readonly Recipient[]): NotificationRequest {
  return {
    category: 'announcement',
    content: {
      kind: 'text',
      title: 'Maintenance tonight',
      text: 'From 22:00 on for about an hour the mail server cannot be reached. Nothing has to be done.',
      ticket: null,
    },
    target: null,
    actorUserId: null,
    to,
    createdBy: { kind: 'operator', id: null },
  };
}

/** The same, and its deliveries made at once, for a backlog that stands before the notifier starts. */
export async function announceAndExpand(
  world: World,
  platform: BotPlatform,
  tenant: Tenant,
  to: readonly Recipient[],
): Promise<void> {
  const notificationId = await announce(world, tenant, to);
  const { database } = world;
  const { addressing } = platform;
  const deps = { database, clock: systemClock, log: silentLog, addressingOf: () => addressing };
  await expandNotification(deps, tenant.tenantId, notificationId);
}

/** Does it for every item, so many at once. */
export async function inParallel<T>(
  items: readonly T[],
  width: number,
  work: (item: T) => Promise<unknown>,
): Promise<void> {
  let next = 0;
  const worker = async () => {
    for (let item = items[next++]; item !== undefined; item = items[next++]) await work(item);
  };
  await Promise.all(Array.from({ length: width }, worker));
}
