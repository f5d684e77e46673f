/** How one recipient is told: by which channels, when, or why not (pure). */
import { instantOfLocal } from './local-time.ts';
import type { Preferences } from './preference-store.ts';
import { endOfQuiet } from './quiet-hours.ts';
import type {
  Category,
  Channel,
  DestinationType,
  NewDelivery,
  Priority,
  SkipReason,
  UnknownPolicy,
} from './records.ts';

/** One way to a recipient. */
export interface Way {
  channel: Channel;
  /** `retired`: the bot can speak there no more; `inactive`: the registration is not live. */
  state: 'open' | 'retired' | 'inactive';
  /** Of its platform the one that is taken unless another is asked for. */
  usual: boolean;
  lastActivityAt: Date | null;
}

/** What is known of one recipient. */
export interface RecipientFacts {
  /** Null: a place, or somebody unknown to the tenant. */
  userId: string | null;
  person: { active: boolean; timeZone: string | null; preferences: Preferences } | null;
  /** That very place was named: preferences choose no channel. */
  fixed: boolean;
  /** A person's in the order of their links. */
  ways: readonly Way[];
}

/** What is the same for all recipients of a notification. */
export interface DeliveryPlan {
  notificationId: string;
  category: Category;
  priority: Priority;
  onUnknown: UnknownPolicy;
  acceptedAt: Date;
  sendAt: Date | null;
  sendAtLocal: string | null;
  expiresAt: Date | null;
  /** Nobody is told, for this reason. */
  skipAll: SkipReason | null;
  now: Date;
  newId(): string;
}

/**
 * The deliveries of one recipient, at least one: those that go, those that a missing channel skips before them, or one
 * that says why there is none.
 */
export function planDeliveries(recipient: RecipientFacts, plan: DeliveryPlan): NewDelivery[] {
  const choice = chooseChannels(recipient, plan.category);
  const time = planTime(recipient, plan);
  const reason = reasonForNone(recipient, plan) ?? time.skipped;
  if (reason !== null) {
    const channel = choice.open[0] ?? choice.blocked.find((way) => way.channel !== null)?.channel ?? null;
    return [delivery(recipient, plan, { channel, skipped: reason, dueAt: time.dueAt })];
  }
  const planned: NewDelivery[] = [];
  for (const { channel, reason: skipped } of choice.blocked) {
    const fallbackOf = planned.at(-1)?.deliveryId ?? null;
    planned.push(delivery(recipient, plan, { channel, skipped, dueAt: time.dueAt, fallbackOf }));
  }
  const instead = planned.at(-1)?.deliveryId ?? null;
  const atOnce = choice.open.slice(0, choice.atOnce);
  const fallback = choice.open.slice(choice.atOnce);
  for (const [index, channel] of atOnce.entries()) {
    const fallbackOf = index === atOnce.length - 1 ? instead : null;
    planned.push(
      delivery(recipient, plan, { channel, skipped: null, dueAt: time.dueAt, fallback, fallbackOf }),
    );
  }
  return planned;
}

function reasonForNone({ person }: RecipientFacts, plan: DeliveryPlan): SkipReason | null {
  if (plan.skipAll !== null) return plan.skipAll;
  if (person === null) return null;
  if (!person.active) return 'user_not_mapped';
  return person.preferences.categories[plan.category]?.muted === true ? 'muted' : null;
}

/** Channels in the order in which they are tried. */
interface Choice {
  /** Wanted, and cannot reach the recipient; null: the person has none of that kind. */
  blocked: { channel: Channel | null; reason: SkipReason }[];
  open: Channel[];
  /** How many of them go at once. */
  atOnce: number;
}

function chooseChannels(recipient: RecipientFacts, category: Category): Choice {
  const { person, fixed, ways } = recipient;
  // Somebody who left is told nothing, whatever an administrator repeats.
  if (person !== null && !person.active) return { blocked: [], open: [], atOnce: 1 };
  const preference = person?.preferences.categories[category];
  const wanted = fixed ? [] : [...new Set(preference?.channels ?? [])];
  const usual = bestOf(ways.filter((way) => way.usual || fixed));
  if (wanted.length === 0) return single(usual);
  const choice: Choice = { blocked: [], open: [], atOnce: preference?.both === true ? 2 : 1 };
  for (const type of wanted) addWanted(choice, type, ways);
  // Better told another way than not at all.
  if (choice.open.length === 0 && usual?.state === 'open') choice.open.push(usual.channel);
  return choice;
}

function single(way: Way | null): Choice {
  if (way?.state === 'open') return { blocked: [], open: [way.channel], atOnce: 1 };
  return { blocked: [{ channel: way?.channel ?? null, reason: causeOf(way) }], open: [], atOnce: 1 };
}

function addWanted(choice: Choice, type: DestinationType, ways: readonly Way[]): void {
  const way = bestOf(ways.filter(({ channel }) => channel.type === type));
  if (way?.state === 'open') choice.open.push(way.channel);
  // A fallback that cannot reach the person either is passed over; and that somebody is not linked is said once.
  else if (choice.open.length < choice.atOnce) {
    const channel = way?.channel ?? null;
    const known = choice.blocked.some((blocked) => blocked.channel === null);
    if (channel !== null || !known) choice.blocked.push({ channel, reason: causeOf(way) });
  }
}

function causeOf(way: Way | null): SkipReason {
  if (way === null) return 'user_not_mapped';
  return way.state === 'retired' ? 'not_in_conversation' : 'registration_inactive';
}

/** Of those that are open the one with the latest activity, else the first; closed ones only where none is open. */
function bestOf(ways: readonly Way[]): Way | null {
  const time = (way: Way) => way.lastActivityAt?.getTime() ?? Number.NEGATIVE_INFINITY;
  const rank = { open: 0, retired: 1, inactive: 2 };
  const [best] = [...ways].sort((a, b) => {
    if (a.state !== b.state) return rank[a.state] - rank[b.state];
    return time(a) === time(b) ? 0 : time(b) - time(a);
  });
  return best ?? null;
}

/** When it goes: as asked for, but not in the person's quiet hours. */
function planTime(
  recipient: RecipientFacts,
  plan: DeliveryPlan,
): { dueAt: Date; skipped: SkipReason | null } {
  const { sendAt, sendAtLocal, acceptedAt, expiresAt, now } = plan;
  const { person } = recipient;
  const zone = person?.timeZone ?? 'UTC';
  const local = sendAtLocal === null ? null : instantOfLocal(sendAtLocal, zone);
  const wanted = sendAt ?? local ?? acceptedAt;
  const start = wanted > now ? wanted : now;
  if (expiresAt !== null && expiresAt <= start) return { dueAt: wanted, skipped: 'expired' };
  const end = person === null ? null : endOfQuiet(readerOf(person), plan.category, start);
  if (end !== null && expiresAt !== null && expiresAt <= end) {
    return { dueAt: end, skipped: 'quiet_hours_expired' };
  }
  return { dueAt: end ?? wanted, skipped: null };
}

/** What decides when a person may be told. */
export function readerOf({ timeZone, preferences }: NonNullable<RecipientFacts['person']>) {
  return { timeZone, quietHours: preferences.quietHours };
}

function delivery(
  recipient: RecipientFacts,
  plan: DeliveryPlan,
  own: Pick<NewDelivery, 'channel' | 'skipped' | 'dueAt'> &
    Partial<Pick<NewDelivery, 'fallback' | 'fallbackOf'>>,
): NewDelivery {
  const { notificationId, category, priority, onUnknown, expiresAt, now } = plan;
  return {
    deliveryId: plan.newId(),
    createdAt: now,
    notificationId,
    category,
    userId: recipient.userId,
    fallback: [],
    fallbackOf: null,
    expiresAt,
    priority,
    onUnknown,
    ...own,
  };
}
