/** The invariants of what was asked for: what people were promised, what they saw, and what the database holds must agree. */
import { platforms } from '../../bots/index.ts';
import type { KillWorld } from '../support/kill-world.ts';
import { checkTenant } from './check-tenant.ts';
import { collectEvidence, type Effect, type Evidence, type ReceiptEvidence } from './evidence.ts';
import { type Command, isAcknowledged, isMutation, type Ledger, type MutationKind } from './ledger.ts';
import { readVisible, type Sighting, type Sightings, type Visible } from './sightings.ts';
import { type Violation, violation } from './violation.ts';

export interface CheckCounts {
  mutations: number;
  auditRows: number;
  /** Posts and updates for one command beyond the first. */
  doubledReplies: number;
  /** Messages and card updates for mutations that have their reply in the answer, whether or not that arrived as well. */
  lateConfirmations: number;
}

interface Checked {
  ledger: Ledger;
  sightings: Sightings;
  visible: Visible;
  found: Found;
  counts: CheckCounts;
  /** The platform takes a token of ours, and posts nothing twice for it. */
  dedupes: boolean;
}

interface Found extends Evidence {
  receiptOf: Map<string, ReceiptEvidence>;
  auditOf: Map<string, Evidence['audit']>;
}

const expected: Record<MutationKind, { actions: readonly string[]; effect: Effect['kind'] }> = {
  // In a thread it may be made from the message that is replied to.
  new_ticket: { actions: ['create_ticket', 'create_ticket_from_message'], effect: 'ticket' },
  note: { actions: ['add_note'], effect: 'note' },
  form_note: { actions: ['add_note'], effect: 'note' },
  log_time: { actions: ['log_time'], effect: 'time_entry' },
  form_log: { actions: ['log_time'], effect: 'time_entry' },
  assign: { actions: ['assign_ticket'], effect: 'assignment' },
  press_assign: { actions: ['assign_ticket'], effect: 'assignment' },
};

/** Checks every tenant. */
export async function checkWorld(
  world: KillWorld,
  ledger: Ledger,
  sightings: Sightings,
): Promise<{ violations: Violation[]; counts: CheckCounts }> {
  const violations: Violation[] = [
    ...ledger.refusals.map(({ command, status }) =>
      violation(command, 'unexpected status', `answered with ${status}`),
    ),
    ...ledger.emptyAnswers.map((command) => violation(command, 'unconfirmed answer', 'the answer was empty')),
  ];
  const counts = { mutations: 0, auditRows: 0, doubledReplies: 0, lateConfirmations: 0 };
  const visible = await readVisible(world);
  const platform = platforms.find(({ id }) => id === world.chat.platform);
  const dedupes = platform?.capabilities.serverSideIdempotency ?? false;
  for (const tenant of world.tenants) {
    const found = indexed(await collectEvidence(world.database.maintenance, tenant, ledger));
    const checked = { ledger, sightings, visible, found, counts, dedupes };
    const commands = ledger.commands.filter((command) => command.tenant === tenant);
    for (const command of commands) violations.push(...checkCommand(command, checked));
    violations.push(...(await checkTenant(world, tenant, commands, { ...checked, evidence: found })));
    counts.auditRows += found.audit.length;
  }
  for (const { id, conversation } of sightings.all()) {
    if (visible.owners.has(conversation)) continue;
    const detail = `the message ${id} stands in ${conversation}, which is nobody's`;
    violations.push({ invariant: 'stray message', tenant: '–', marker: null, detail });
  }
  return { violations, counts };
}

function indexed(evidence: Evidence): Found {
  const receiptOf = new Map(evidence.receipts.map((receipt) => [receipt.event_key, receipt]));
  const auditOf = new Map<string, Evidence['audit']>();
  for (const row of evidence.audit) {
    const id = row.source_id ?? '';
    auditOf.set(id, [...(auditOf.get(id) ?? []), row]);
  }
  return { ...evidence, receiptOf, auditOf };
}

function checkCommand(command: Command, checked: Checked): Violation[] {
  const { found, counts } = checked;
  const receipts = command.deliveries.flatMap(({ eventKey }) => found.receiptOf.get(eventKey) ?? []);
  if (receipts.length === 0 && wasToldLater(command, checked)) return [];
  const violations = isMutation(command) ? checkEffect(command, receipts, checked) : [];
  const seen = repliesOf(command, checked);
  if (command.answeredBy === 'answer') {
    counts.lateConfirmations += seen.length;
    const isDone = found.effects.has(command.marker);
    if (!isDone || seen.length > 0 || isAcknowledged(command)) return violations;
    return [...violations, violation(command, 'unconfirmed answer', describe(receipts))];
  }
  if (command.sentAs === 'message' && !isAcknowledged(command)) {
    violations.push(violation(command, 'never acknowledged', 'until the end'));
  }
  if ((receipts.length > 0 || isAcknowledged(command)) && seen.length === 0) {
    violations.push(violation(command, 'missing reply', describe(receipts)));
  }
  counts.doubledReplies += Math.max(0, seen.length - 1);
  if (checked.dedupes && seen.length > receipts.length) {
    violations.push(violation(command, 'doubled reply', JSON.stringify(seen.map(({ id }) => id))));
  }
  return violations;
}

/** A press whose acknowledgement says nothing, and whose person was told in the conversation that nothing was done. */
function wasToldLater(command: Command, { sightings }: Checked): boolean {
  if (command.kind !== 'press_assign' || command.answeredBy !== 'message') return false;
  const told = sightings.notDone.get(command.by.key) ?? 0;
  if (told > 0) sightings.notDone.set(command.by.key, told - 1);
  return told > 0;
}

/** Acknowledged: done exactly once. Not acknowledged: once at most. Done: one audit row of success, for it alone. */
function checkEffect(command: Command, receipts: ReceiptEvidence[], { found, counts }: Checked): Violation[] {
  const effects = found.effects.get(command.marker) ?? [];
  const want = expected[command.kind as MutationKind];
  const violations: Violation[] = [];
  counts.mutations += effects.length;
  if (effects.length === 0 && isAcknowledged(command)) {
    violations.push(violation(command, 'lost command', describe(receipts)));
  }
  if (effects.length > 1) {
    violations.push(violation(command, 'doubled mutation', JSON.stringify(effects)));
  }
  if (effects.some(({ kind, userId }) => kind !== want.effect || userId !== command.by.userId)) {
    violations.push(violation(command, 'wrong mutation', JSON.stringify(effects)));
  }
  const rows = receipts.flatMap(({ receipt_id: id }) => found.auditOf.get(id) ?? []);
  const successes = rows.filter(
    ({ action, result }) => result === 'success' && want.actions.includes(action),
  );
  if (successes.length < Math.min(effects.length, 1)) {
    violations.push(violation(command, 'audit row missing', JSON.stringify({ effects, rows })));
  }
  if (rows.length > Math.min(effects.length, 1)) {
    violations.push(violation(command, 'audit row too many', JSON.stringify({ effects, rows })));
  }
  return violations;
}

/** Messages before this person's eyes that are the command's: by token or reply, or sent or updated by the receipt's word. */
function repliesOf(command: Command, { sightings, visible, found }: Checked): Sighting[] {
  const replies = new Set<Sighting>();
  for (const { eventKey, messageId } of command.deliveries) {
    const receipt = found.receiptOf.get(eventKey);
    if (receipt === undefined) continue;
    for (const reply of sightings.repliesTo(receipt.receipt_id, messageId)) replies.add(reply);
    const sent = sightings.byId(receipt.platform_message_id ?? '');
    // The card that was used counts when it was changed since.
    if (sent !== null && (sent.id !== command.cardMessageId || sent.versions > 1)) replies.add(sent);
  }
  return [...replies].filter(({ id }) => visible.seenBy.get(command.by)?.has(id));
}

function describe(receipts: ReceiptEvidence[]): string {
  return receipts.length === 0 ? 'no receipt' : JSON.stringify(receipts);
}
