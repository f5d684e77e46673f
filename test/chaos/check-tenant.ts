/** The invariants of a tenant as a whole: nothing that nobody asked for, nothing left over, a chain without a gap. */
import { verifyChain } from '../../src/audit/verify-chain.ts';
import type { KillWorld, WorldTenant } from '../support/kill-world.ts';
import type { Evidence } from './evidence.ts';
import { type Command, isMutation, type Ledger } from './ledger.ts';
import type { Sightings, Visible } from './sightings.ts';
import type { Violation } from './violation.ts';

interface Seen {
  ledger: Ledger;
  sightings: Sightings;
  visible: Visible;
  evidence: Evidence;
}

/** @param commands the tenant's */
export async function checkTenant(
  world: KillWorld,
  tenant: WorldTenant,
  commands: Command[],
  seen: Seen,
): Promise<Violation[]> {
  return [
    ...checkStrangers(tenant, commands, seen.evidence),
    ...checkConversations(tenant, seen),
    ...checkReceipts(tenant, seen),
    ...(await checkAudit(world, tenant, seen.evidence)),
  ];
}

/** Effects and audit rows that belong to no command. */
function checkStrangers(tenant: WorldTenant, commands: Command[], evidence: Evidence): Violation[] {
  const markers = new Set(commands.filter(isMutation).map(({ marker }) => marker));
  const keys = new Set(commands.flatMap(({ deliveries }) => deliveries.map(({ eventKey }) => eventKey)));
  const receipts = evidence.receipts.filter(({ event_key: key }) => keys.has(key));
  const known = new Set(receipts.map(({ receipt_id: id }) => id));
  const effects = [...evidence.effects.keys()].filter((marker) => !markers.has(marker));
  const audit = evidence.audit.filter(({ source_id: id }) => id === null || !known.has(id));
  return [
    ...effects.map((marker) => of(tenant, 'wrong mutation', 'nobody asked for it', marker)),
    ...audit.map((row) => of(tenant, 'audit row too many', JSON.stringify(row))),
  ];
}

/** In the tenant's conversations stands nothing of another tenant's. */
function checkConversations(
  tenant: WorldTenant,
  { ledger, sightings, visible, evidence }: Seen,
): Violation[] {
  const own = new Set(evidence.receipts.map(({ receipt_id: id }) => id));
  const violations: Violation[] = [];
  for (const { id, conversation, token, markers } of sightings.all()) {
    if (visible.owners.get(conversation) !== tenant) continue;
    const foreign = [...markers].filter((marker) => ledger.ofMarker(marker)?.tenant !== tenant);
    for (const marker of foreign) {
      violations.push(of(tenant, 'stray message', `${id} in ${conversation} is another tenant's`, marker));
    }
    if (token !== null && !own.has(token)) {
      violations.push(of(tenant, 'stray message', `${id} in ${conversation} is of no receipt: ${token}`));
    }
  }
  return violations;
}

/** A second key of an event has a row that stays claimed; the first one's is the receipt. */
function checkReceipts(tenant: WorldTenant, { ledger, evidence }: Seen): Violation[] {
  const unfinished = evidence.receipts.filter(
    ({ status, event_key: key }) =>
      status !== 'replied' && (status !== 'claimed' || ledger.ofEvent(key) !== null),
  );
  const violations = unfinished.map((receipt) => of(tenant, 'unfinished receipt', JSON.stringify(receipt)));
  if (evidence.dueReplies > 0) violations.push(of(tenant, 'due reply left', `${evidence.dueReplies} rows`));
  return violations;
}

async function checkAudit(world: KillWorld, tenant: WorldTenant, evidence: Evidence): Promise<Violation[]> {
  const violations: Violation[] = [];
  const { audit, head } = evidence;
  const gap = audit.findIndex(({ seq }, index) => seq !== index + 1);
  if (gap !== -1)
    violations.push(of(tenant, 'audit chain', `the row after seq ${gap} is ${audit[gap]?.seq}`));
  if (head !== audit.length) {
    violations.push(of(tenant, 'audit chain', `head ${head}, rows ${audit.length}`));
  }
  const chain = await world.database.inTenant(tenant.tenantId, (tx) => verifyChain(tx, world.auditKeys));
  if (!chain.valid) violations.push(of(tenant, 'audit chain', JSON.stringify(chain)));
  return violations;
}

function of(
  tenant: WorldTenant,
  invariant: Violation['invariant'],
  detail: string,
  marker: string | null = null,
): Violation {
  return { invariant, tenant: tenant.slug, marker, detail };
}
