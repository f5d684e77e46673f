/** Whether a noisy tenant delays a quiet one, and whether equal ones get equal shares. */
import { createDatabase } from '../inbound-servers.ts';
import type { Measurement } from '../measure.ts';
import type { LimitsId, QuietLatency } from './fairness-side.ts';
import type { NotifierBench } from './notifier.ts';
import { SideProcess } from './side-process.ts';
import { jainIndex } from './statistics.ts';

/** What a quiet tenant may wait beside a noisy one, as a multiple of what it waits alone. */
const allowance = 2;
/** The process serves lanes in batches: shares are counted over so many rounds' time. */
const equalRounds = 3;
const limitsIds: readonly LimitsId[] = ['published', 'wide'];

/** @throws Error when a delivery of the quiet did not arrive, or a backlog ran out */
export async function benchFairness(bench: NotifierBench): Promise<Measurement[]> {
  const ownerUrl = await createDatabase(bench.cluster.url, 'fairness');
  const { profileInto } = bench;
  const side = await SideProcess.start('fairness-side.ts', { ownerUrl }, { profileInto });
  try {
    const measured: Measurement[] = [];
    for (const limits of limitsIds) measured.push(await quietBesideNoisy(bench, side, limits));
    measured.push(await equalShares(bench, side));
    return measured;
  } finally {
    await side.stop();
  }
}

async function quietBesideNoisy(
  bench: NotifierBench,
  side: SideProcess,
  limits: LimitsId,
): Promise<Measurement> {
  const p99s = { idle: [] as number[], loaded: [] as number[] };
  for (let round = 1; round <= bench.rounds; round += 1) {
    for (const noisy of round % 2 === 0 ? [true, false] : [false, true]) {
      const task = { kind: 'quiet', limits, noisy, seconds: bench.seconds };
      const { count, p50, p99, noisySent } = await side.ask<QuietLatency>(task);
      p99s[noisy ? 'loaded' : 'idle'].push(p99);
      const beside = noisy ? `beside a noisy one, of whose ${noisySent} were sent` : 'alone';
      bench.note(
        `round ${round}  ${limits} limits  p50, p99 of ${count}: ${p50.toFixed(1)}, ${p99.toFixed(1)} ms  ${beside}`,
      );
    }
  }
  return {
    bench: `notifier/fairness/quiet-p99/${limits}-limits`,
    subject: 'Deskbridge: ten of a quiet tenant, from enqueue to the wire, beside 100,000 of another',
    peer: `${allowance} times what they take alone`,
    unit: 'ms',
    better: 'lower',
    subjectRounds: p99s.loaded,
    peerRounds: p99s.idle.map((p99) => allowance * p99),
    goal: 1,
  };
}

async function equalShares(bench: NotifierBench, side: SideProcess): Promise<Measurement> {
  const indexes: number[] = [];
  for (let round = 1; round <= bench.rounds; round += 1) {
    const shares = await side.ask<number[]>({ kind: 'equal', seconds: bench.seconds * equalRounds });
    indexes.push(jainIndex(shares));
    bench.note(`round ${round}  sent for each equal tenant: ${shares.toSorted((a, b) => a - b).join(', ')}`);
  }
  return {
    bench: 'notifier/fairness/equal-shares',
    subject:
      "Deskbridge: Jain's index of what twenty equal tenants get sent while they contend for the process",
    peer: 'all the same',
    unit: 'index',
    better: 'higher',
    subjectRounds: indexes,
    peerRounds: indexes.map(() => 1),
    goal: 0.99,
  };
}
