/** What may be found wrong, and how it is told. */
import type { Command } from './ledger.ts';

export type Invariant =
  | 'lost command'
  | 'doubled mutation'
  | 'wrong mutation'
  | 'never acknowledged'
  | 'unexpected status'
  | 'missing reply'
  | 'doubled reply'
  | 'unconfirmed answer'
  | 'stray message'
  | 'unfinished receipt'
  | 'due reply left'
  | 'audit row missing'
  | 'audit row too many'
  | 'audit chain'
  | 'server ended'
  | 'server idle'
  | 'replies not drained'
  | 'lost delivery'
  | 'doubled delivery'
  | 'false sent'
  | 'wrong outcome'
  | 'stray delivery'
  | 'deliveries not drained'
  | 'late restart';

export interface Violation {
  invariant: Invariant;
  tenant: string;
  marker: string | null;
  detail: string;
}

export function violation(command: Command, invariant: Invariant, detail: string): Violation {
  const sent = command.deliveries.map(({ eventKey, statuses }) => `${eventKey} → ${inRuns(statuses)}`);
  const how = `${command.kind} by ${command.by.key}, a ${command.sentAs} answered by ${command.answeredBy}`;
  const what = `${how}, sent ${sent.join('; ')}: ${detail}`;
  return { invariant, tenant: command.tenant.slug, marker: command.marker, detail: what };
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
