/** The invariants: what people were promised, what they saw, and what the database holds must agree. */
import { verifyChain } from '../../src/audit/verify-chain.ts';
import type { KillWorld, WorldTenant } from '../support/kill-world.ts';
import { collectEvidence, type Effect, type Evidence, type ReceiptEvidence } from './evidence.ts';
import {
  type Command,
  isAcknowledged,
  isMutation,
  isTyped,
  type Ledger,
  type MutationKind,
} from './ledger.ts';

export type Invariant =
  | 'lost command'
  | 'doubled mutation'
  | 'wrong mutation'
  | 'never acknowledged'
  | 'unexpected status'
  | 'missing reply'
  | 'unconfirmed answer'
  | 'unfinished receipt'
  | 'due reply left'
  | 'audit row missing'
  | 'audit row too many'
  | 'audit chain'
  | 'server ended'
  | 'server idle'
  | 'replies not drained';

export interface Violation {
  invariant: Invariant;
  tenant: string;
  marker: string | null;
  detail: string;
}

export interface CheckCounts {
  mutations: number;
  auditRows: number;
  doubledReplies: number;
  /** Messages and card updates for mutations by invoke, whether or not the answer arrived as well. */
  lateConfirmations: number;
}

interface Found extends Evidence {
  receiptOf: Map<string, ReceiptEvidence>;
  auditOf: Map<string, { rows: Evidence['audit']; id: string }>;
}

const expected: Record<MutationKind, { action: string; effect: Effect['kind'] }> = {
  new_ticket: { action: 'create_ticket', effect: 'ticket' },
  note: { action: 'add_note', effect: 'note' },
  form_note: { action: 'add_note', effect: 'note' },
  log_time: { action: 'log_time', effect: 'time_entry' },
  form_log: { action: 'log_time', effect: 'time_entry' },
  assign: { action: 'assign_ticket', effect: 'assignment' },
  press_assign: { action: 'assign_ticket', effect: 'assignment' },
};

/** Checks every tenant. */
export async function checkWorld(
  world: KillWorld,
  ledger: Ledger,
): Promise<{ violations: Violation[]; counts: CheckCounts }> {
  const violations: Violation[] = [];
  const counts = { mutations: 0, auditRows: 0, doubledReplies: 0, lateConfirmations: 0 };
  for (const { command, status } of ledger.refusals) {
    violations.push(violation(command, 'unexpected status', `answered with ${status}`));
  }
  for (const tenant of world.tenants) {
    const found = indexed(await collectEvidence(world.database.maintenance, tenant, ledger));
    const commands = ledger.commands.filter((command) => command.tenant === tenant);
    for (const command of commands) violations.push(...checkCommand(world, command, found, counts));
    violations.push(...checkStrangers(tenant, commands, found));
    violations.push(...checkReceipts(tenant, found), ...(await checkAudit(world, tenant, found)));
    counts.auditRows += found.audit.length;
  }
  return { violations, counts };
}

function indexed(evidence: Evidence): Found {
  const receiptOf = new Map(evidence.receipts.map((receipt) => [receipt.event_key, receipt]));
  const auditOf = new Map<string, { rows: Evidence['audit']; id: string }>();
  for (const row of evidence.audit) {
    const id = row.source_id ?? '';
    const entry = auditOf.get(id) ?? { rows: [], id };
    entry.rows.push(row);
    auditOf.set(id, entry);
  }
  return { ...evidence, receiptOf, auditOf };
}

function checkCommand(world: KillWorld, command: Command, found: Found, counts: CheckCounts): Violation[] {
  const receipts = command.deliveries.flatMap(({ eventKey }) => found.receiptOf.get(eventKey) ?? []);
  const violations = isMutation(command) ? checkEffect(command, receipts, found, counts) : [];
  if (!isTyped(command)) {
    return [...violations, ...checkConfirmation(world, command, receipts, found, counts)];
  }
  if (!isAcknowledged(command)) violations.push(violation(command, 'never acknowledged', 'until the end'));
  if (receipts.length > 0 && command.replies.length === 0) {
    violations.push(violation(command, 'missing reply', describe(receipts)));
  }
  counts.doubledReplies += Math.max(0, command.replies.length - 1);
  return violations;
}

/** Acknowledged: done exactly once. Not acknowledged: once at most. Done: one audit row of success, for it alone. */
function checkEffect(
  command: Command,
  receipts: ReceiptEvidence[],
  found: Found,
  counts: CheckCounts,
): Violation[] {
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
  const rows = receipts.flatMap(({ receipt_id: id }) => found.auditOf.get(id)?.rows ?? []);
  const successes = rows.filter(({ action, result }) => result === 'success' && action === want.action);
  if (successes.length < Math.min(effects.length, 1)) {
    violations.push(violation(command, 'audit row missing', JSON.stringify({ effects, rows })));
  }
  if (rows.length > Math.min(effects.length, 1)) {
    violations.push(violation(command, 'audit row too many', JSON.stringify({ effects, rows })));
  }
  return violations;
}

/** A mutation by invoke: its person got the answer, or sees it in the conversation. */
function checkConfirmation(
  world: KillWorld,
  command: Command,
  receipts: ReceiptEvidence[],
  found: Found,
  counts: CheckCounts,
): Violation[] {
  if (!found.effects.has(command.marker)) return [];
  const { oracle } = world.simulator;
  const { id: conversationId } = command.by.conversation;
  const late = receipts.filter(
    ({ platform_message_id: id }) => id !== null && oracle.find(conversationId, id) !== null,
  );
  counts.lateConfirmations += late.length;
  if (late.length > 0 || isAcknowledged(command)) return [];
  return [violation(command, 'unconfirmed answer', describe(receipts))];
}

/** Effects and audit rows that belong to no command. */
function checkStrangers(tenant: WorldTenant, commands: Command[], found: Found): Violation[] {
  const markers = new Set(commands.filter(isMutation).map(({ marker }) => marker));
  const keys = new Set(commands.flatMap(({ deliveries }) => deliveries.map(({ eventKey }) => eventKey)));
  const receipts = found.receipts.filter(({ event_key: key }) => keys.has(key));
  const known = new Set(receipts.map(({ receipt_id: id }) => id));
  const effects = [...found.effects.keys()].filter((marker) => !markers.has(marker));
  const audit = found.audit.filter(({ source_id: id }) => id === null || !known.has(id));
  return [
    ...effects.map((marker) => of(tenant, 'wrong mutation', 'nobody asked for it', marker)),
    ...audit.map((row) => of(tenant, 'audit row too many', JSON.stringify(row))),
  ];
}

function checkReceipts(tenant: WorldTenant, found: Found): Violation[] {
  const unfinished = found.receipts.filter(({ status }) => status !== 'replied');
  const violations = unfinished.map((receipt) => of(tenant, 'unfinished receipt', JSON.stringify(receipt)));
  if (found.dueReplies > 0) violations.push(of(tenant, 'due reply left', `${found.dueReplies} rows`));
  return violations;
}

async function checkAudit(world: KillWorld, tenant: WorldTenant, found: Found): Promise<Violation[]> {
  const violations: Violation[] = [];
  const gap = found.audit.findIndex(({ seq }, index) => seq !== index + 1);
  if (gap !== -1)
    violations.push(of(tenant, 'audit chain', `the row after seq ${gap} is ${found.audit[gap]?.seq}`));
  if (found.head !== found.audit.length) {
    violations.push(of(tenant, 'audit chain', `head ${found.head}, rows ${found.audit.length}`));
  }
  const chain = await world.database.inTenant(tenant.tenantId, (tx) => verifyChain(tx, world.auditKeys));
  if (!chain.valid) violations.push(of(tenant, 'audit chain', JSON.stringify(chain)));
  return violations;
}

function describe(receipts: ReceiptEvidence[]): string {
  return receipts.length === 0 ? 'no receipt' : JSON.stringify(receipts);
}

/** `0×12 200`: twelve tries without an answer, then one that was taken. */
function inRuns(statuses: readonly number[]): string {
  const runs: { status: number; count: number }[] = [];
  for (const status of statuses) {
    const last = runs.at(-1);
    if (last?.status === status) last.count += 1;
    else runs.push({ status, count: 1 });
  }
  return runs.map(({ status, count }) => (count === 1 ? `${status}` : `${status}×${count}`)).join(' ');
}

function violation(command: Command, invariant: Invariant, detail: string): Violation {
  const sent = command.deliveries.map(({ activityId, statuses }) => `${activityId} → ${inRuns(statuses)}`);
  const what = `${command.kind} by ${command.by.person.key}, sent ${sent.join('; ')}: ${detail}`;
  return { invariant, tenant: command.tenant.slug, marker: command.marker, detail: what };
}

function of(
  tenant: WorldTenant,
  invariant: Invariant,
  detail: string,
  marker: string | null = null,
): Violation {
  return { invariant, tenant: tenant.slug, marker, detail };
}
