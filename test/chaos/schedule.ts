/** When the server is killed: for every trial a moment, from the seed alone. */
import { Random } from './random.ts';

/**
 * `start`: the process is still starting. `opening`: it has just begun to answer; everybody who waited comes at once.
 * `work`: it has acknowledged something since it started, however slow the machine is.
 */
export const killMoments = ['start', 'opening', 'work'] as const;
export type KillMoment = (typeof killMoments)[number];

export interface Kill {
  moment: KillMoment;
  /** Milliseconds after the spawn, the first answer, or the first acknowledgement. */
  afterMs: number;
}

const startShare = 0.08;
const openingShare = 0.22;
const longestStartMs = 900;

/** @param longestLoadMs the latest kill after the first answer or acknowledgement */
export function killSchedule(seed: number, trials: number, longestLoadMs: number): Kill[] {
  const random = new Random(seed, 'kills');
  return Array.from({ length: trials }, (): Kill => {
    const share = random.next();
    if (share < startShare) return { moment: 'start', afterMs: random.between(50, longestStartMs) };
    const moment = share < startShare + openingShare ? 'opening' : 'work';
    return { moment, afterMs: random.between(0, longestLoadMs) };
  });
}
