/** What has to hold once everything is over: every delivery ended, and its record says what people see. */
import type { Database } from '../../src/infra/database.ts';
import type { DestinationType } from '../../src/kernel/notification.ts';
import type { Readable, TrialPlatform } from './notifier-platform.ts';

export interface NotifierViolation {
  what:
    | 'lost delivery'
    | 'false sent'
    | 'unexplained unknown'
    | 'duplicate'
    | 'wrong message id'
    | 'order'
    | 'limit exceeded'
    | 'stuck'
    | 'error line';
  detail: string;
}

/** What the trial knows of its own doing. */
export interface TrialFacts {
  /** By notification, how many deliveries must come of it. */
  expected: ReadonlyMap<string, number>;
  /** How often nobody could know what became of a send: an answer that did not tell, or a crash meanwhile. By delivery. */
  doubts: ReadonlyMap<string, number>;
  readable: Readable;
}

export interface OracleCounts {
  deliveries: number;
  delivered: number;
  /** Ended as failed/outcome_unknown. */
  unknown: number;
  /** Copies beyond the first, which only alerts without proof may have. */
  surplus: number;
}

interface Row {
  delivery_id: string;
  notification_id: string;
  destination_type: DestinationType;
  destination_id: string;
  status: string;
  reason: string | null;
  error_code: string | null;
  attempts: number;
  provider_message_id: string | null;
  on_unknown: 'hold' | 'resend';
  priority: number;
  accepted_at: Date;
}

const maxResends = 3;

/** @param since notifications from then on */
export async function checkDeliveries(
  database: Database,
  platform: TrialPlatform,
  facts: TrialFacts,
  since: Date,
): Promise<{ counts: OracleCounts; violations: NotifierViolation[] }> {
  const rows = await database.maintenance.query<Row>(
    `select d.delivery_id, d.notification_id, d.destination_type, d.destination_id, d.status, d.reason, d.error_code,
            d.attempts, d.provider_message_id, n.on_unknown, n.priority, n.created_at as accepted_at
       from deliveries d join notifications n on n.tenant_id = d.tenant_id and n.notification_id = d.notification_id
      where n.created_at >= $1 order by n.created_at, d.delivery_id`,
    [since],
  );
  const seen = platform.seen();
  const copies = Map.groupBy(seen, ({ token }) => token);
  const violations: NotifierViolation[] = [];
  const counts: OracleCounts = { deliveries: rows.length, delivered: 0, unknown: 0, surplus: 0 };
  for (const row of rows) {
    const ids = (copies.get(row.delivery_id) ?? []).map(({ id }) => id);
    const isFeed = row.destination_type === 'teams_feed';
    const visible = isFeed ? Number(platform.feedShows(row.delivery_id)) : ids.length;
    if (row.status === 'sent' || row.status === 'delivered') counts.delivered += 1;
    if (row.error_code === 'outcome_unknown') counts.unknown += 1;
    const wrong = faultOf(row, visible, facts, ids);
    if (wrong !== null) violations.push(wrong);
    else counts.surplus += Math.max(0, visible - 1);
  }
  violations.push(...missing(rows, facts.expected), ...disorder(rows, seen));
  return { counts, violations };
}

/** Whether the platform lets nobody find out what became of a send. */
export function isWithoutProof(type: DestinationType, id: string, readable: Readable): boolean {
  if (type === 'slack_dm' || type === 'slack_channel') return readable === 'nothing';
  if (type !== 'teams_chat' && type !== 'teams_channel') return false;
  const isShared = type === 'teams_channel' || id.endsWith('@thread.v2');
  return isShared ? readable === 'nothing' : readable !== 'everything';
}

function faultOf(
  row: Row,
  visible: number,
  { doubts, readable }: TrialFacts,
  ids: readonly string[],
): NotifierViolation | null {
  const told = (what: NotifierViolation['what']) => ({ what, detail: describe(row, visible) });
  const doubt = doubts.get(row.delivery_id) ?? 0;
  const unproven = isWithoutProof(row.destination_type, row.destination_id, readable);
  const isSent = row.status === 'sent' || row.status === 'delivered';
  if (isSent && visible === 0) return told('false sent');
  if (visible > 1) {
    if (!unproven || row.on_unknown === 'hold' || visible - 1 > doubt) return told('duplicate');
  }
  if (isSent) {
    const isKnown = row.provider_message_id === null || ids.includes(row.provider_message_id);
    return isKnown ? null : told('wrong message id');
  }
  if (row.status !== 'failed' || row.error_code !== 'outcome_unknown') return told('lost delivery');
  const isLast = row.on_unknown === 'hold' || row.attempts >= maxResends;
  return unproven && doubt > 0 && isLast ? null : told('unexplained unknown');
}

function describe(row: Row, visible: number): string {
  const { delivery_id, destination_type, destination_id, status, reason, error_code, attempts, on_unknown } =
    row;
  const outcome = [status, reason, error_code].filter((part) => part !== null).join('/');
  return `${delivery_id} to ${destination_type} ${destination_id} (${on_unknown}): ${outcome} after ${attempts} attempts, seen ${visible} times`;
}

function missing(rows: readonly Row[], expected: ReadonlyMap<string, number>): NotifierViolation[] {
  const made = Map.groupBy(rows, ({ notification_id }) => notification_id);
  return [...expected].flatMap(([id, count]): NotifierViolation[] => {
    const found = made.get(id)?.length ?? 0;
    if (found === count) return [];
    return [
      { what: 'lost delivery', detail: `notification ${id} has ${found} deliveries instead of ${count}` },
    ];
  });
}

/** Of one conversation and priority, what was accepted earlier is seen earlier. */
function disorder(
  rows: readonly Row[],
  seen: readonly { token: string | null; conversation: string; id: string }[],
): NotifierViolation[] {
  const byToken = new Map(rows.map((row) => [row.delivery_id, row]));
  const latest = new Map<string, Row>();
  const known = new Set<string>();
  const found: NotifierViolation[] = [];
  for (const { token, conversation } of seen) {
    const row = token === null || known.has(token) ? undefined : byToken.get(token);
    if (token === null || row === undefined) continue;
    known.add(token);
    const key = `${conversation} ${row.priority}`;
    const before = latest.get(key);
    if (before === undefined || before.accepted_at <= row.accepted_at) latest.set(key, row);
    else found.push({ what: 'order', detail: `${describe(row, 1)} came after ${before.delivery_id}` });
  }
  return found;
}
