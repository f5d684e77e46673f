/** What became of every delivery, held against what people see: nothing lost, nothing doubled, no word that is not true. */

import type { DestinationType } from '../../src/kernel/notification.ts';
import type { SeenMessage } from '../../src/kernel/simulated-chat.ts';
import type { KillWorld } from '../support/kill-world.ts';
import type { Accepted } from './notifier-kill-load.ts';
import type { Violation } from './violation.ts';

interface DeliveryFact {
  delivery_id: string;
  notification_id: string;
  tenant_id: string;
  status: string;
  reason: string | null;
  error_code: string | null;
  destination_type: DestinationType;
  destination_id: string;
  /** An attempt's outcome was never known to the process that made it. */
  was_unknown: boolean;
}

export interface DeliveryCounts {
  notifications: number;
  deliveries: number;
  visible: number;
  /** `status` or `status/error_code` → how many. */
  byStatus: Record<string, number>;
  doubled: number;
  /** failed/outcome_unknown. */
  held: number;
}

/** What no platform of these can prove: a person's chat on Teams without the right to read it. */
const unprovable: ReadonlySet<string> = new Set(['teams_chat']);

/**
 * @param caught deliveries that were on the wire at some death of a server
 */
export async function checkDeliveries(
  world: KillWorld,
  accepted: readonly Accepted[],
  caught: ReadonlySet<string>,
): Promise<{ counts: DeliveryCounts; violations: Violation[] }> {
  const facts = await readFacts(world);
  const seen = visibleByToken(world);
  const known = new Set(facts.map(({ delivery_id: id }) => id));
  const markers = new Map(accepted.map(({ notificationId, marker }) => [notificationId, marker]));
  const slugs = new Map(world.tenants.map(({ tenantId, slug }) => [tenantId, slug]));
  const violations: Violation[] = [];
  const places = new Map<string, string>();
  for (const fact of facts) {
    const messages = seen.get(fact.delivery_id) ?? [];
    const marker = markers.get(fact.notification_id) ?? null;
    const fault = (invariant: Violation['invariant'], detail: string) => {
      const what = `${fact.delivery_id} to ${fact.destination_type} ${fact.destination_id}: ${detail}`;
      violations.push({ invariant, tenant: slugs.get(fact.tenant_id) ?? '', marker, detail: what });
    };
    checkOne(fact, messages, caught, fault);
    for (const { text, conversation } of messages) {
      if (marker !== null && !text.includes(marker)) fault('stray delivery', `it says ${text.slice(0, 80)}`);
      const key = `${fact.tenant_id} ${fact.destination_id}`;
      const place = places.get(key) ?? conversation;
      places.set(key, place);
      if (place !== conversation) fault('stray delivery', `it stands in ${conversation}, not in ${place}`);
    }
  }
  violations.push(...checkRecipients(accepted, facts), ...checkStrangers(seen, known));
  return { counts: countsOf(facts, seen, known, accepted.length), violations };
}

type Fault = (invariant: Violation['invariant'], detail: string) => void;

function checkOne(
  fact: DeliveryFact,
  messages: readonly SeenMessage[],
  caught: ReadonlySet<string>,
  fault: Fault,
): void {
  const said = `${fact.status} ${fact.error_code ?? fact.reason ?? ''}`.trim();
  if (messages.length > 1) fault('doubled delivery', `${messages.length} messages, ${said}`);
  switch (fact.status) {
    case 'sent':
    case 'delivered':
      if (messages.length === 0) fault('false sent', `${said}, and nobody sees it`);
      return;
    case 'queued':
      fault('deliveries not drained', `${messages.length} visible`);
      return;
    default:
      if (fact.error_code !== 'outcome_unknown') {
        fault(
          messages.length === 0 ? 'lost delivery' : 'wrong outcome',
          `${said}, ${messages.length} visible`,
        );
      } else if (!unprovable.has(fact.destination_type)) {
        fault('wrong outcome', `${said}, though it could be proved; ${messages.length} visible`);
      } else if (!caught.has(fact.delivery_id) && !fact.was_unknown) {
        fault('wrong outcome', `${said}, though no server died with it on the wire`);
      }
  }
}

/** Each recipient of an accepted notification has one delivery, and each notification was accepted once. */
function checkRecipients(accepted: readonly Accepted[], facts: readonly DeliveryFact[]): Violation[] {
  const made = new Map<string, Set<string>>();
  for (const { notification_id: id, destination_type, destination_id } of facts) {
    const destinations = made.get(id) ?? new Set();
    destinations.add(`${destination_type} ${destination_id}`);
    made.set(id, destinations);
  }
  const known = new Set(accepted.map(({ notificationId }) => notificationId));
  const short = accepted.flatMap(({ notificationId, marker, tenant, recipients }): Violation[] => {
    const count = made.get(notificationId)?.size ?? 0;
    if (count === recipients) return [];
    const detail = `${count} deliveries for ${recipients} recipients`;
    return [{ invariant: 'lost delivery', tenant: tenant.slug, marker, detail }];
  });
  const strange = [...made.keys()].filter((id) => !known.has(id));
  return [
    ...short,
    ...strange.map(
      (id): Violation => ({
        invariant: 'stray delivery',
        tenant: '',
        marker: null,
        detail: `nobody asked for notification ${id}`,
      }),
    ),
  ];
}

function checkStrangers(
  seen: ReadonlyMap<string, readonly SeenMessage[]>,
  known: ReadonlySet<string>,
): Violation[] {
  return [...seen]
    .filter(([token]) => !known.has(token))
    .map(([token, messages]) => ({
      invariant: 'stray delivery',
      tenant: '',
      marker: null,
      detail: `${messages.length} messages of no delivery: ${token}`,
    }));
}

/** Notifications that are visible now, by their token; replies are left out. */
export function visibleByToken(world: KillWorld): Map<string, SeenMessage[]> {
  const byToken = new Map<string, SeenMessage[]>();
  for (const message of world.chat.postedByBot?.() ?? []) {
    if (!isNotice(message)) continue;
    const token = message.token ?? `none (${message.id})`;
    byToken.set(token, [...(byToken.get(token) ?? []), message]);
  }
  return byToken;
}

export function isNotice({ text }: SeenMessage): boolean {
  return /\bNotice k\d+n\d+\b/.test(text);
}

async function readFacts(world: KillWorld): Promise<DeliveryFact[]> {
  return await world.database.maintenance.query<DeliveryFact>(
    `select d.delivery_id, d.notification_id, d.tenant_id, d.status, d.reason, d.error_code, d.destination_type,
            d.destination_id,
            exists (select 1 from delivery_attempts a
                     where a.tenant_id = d.tenant_id and a.delivery_id = d.delivery_id and a.outcome = 'unknown')
              as was_unknown
       from deliveries d order by d.delivery_id`,
  );
}

function countsOf(
  facts: readonly DeliveryFact[],
  seen: ReadonlyMap<string, readonly SeenMessage[]>,
  known: ReadonlySet<string>,
  notifications: number,
): DeliveryCounts {
  const byStatus: Record<string, number> = {};
  for (const { status, error_code: code, reason } of facts) {
    const name = [status, code ?? reason].filter((part) => part !== null).join('/');
    byStatus[name] = (byStatus[name] ?? 0) + 1;
  }
  const ours = [...seen].filter(([token]) => known.has(token));
  return {
    notifications,
    deliveries: facts.length,
    visible: ours.reduce((sum, [, messages]) => sum + messages.length, 0),
    byStatus,
    doubled: ours.filter(([, messages]) => messages.length > 1).length,
    held: byStatus['failed/outcome_unknown'] ?? 0,
  };
}
