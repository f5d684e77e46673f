/** When the server is killed: for every trial a moment, from the seed alone. */
import { Random } from './random.ts';

export interface Kill {
  /** `start`: the process is still starting; `load`: it answers, and people are speaking with it. */
  during: 'start' | 'load';
  /** Milliseconds after the spawn, or after the first answer. */
  afterMs: number;
}

const startShare = 0.08;
const longestStartMs = 900;

/** @param longestLoadMs the latest moment of a kill under load */
export function killSchedule(seed: number, trials: number, longestLoadMs: number): Kill[] {
  const random = new Random(seed, 'kills');
  return Array.from({ length: trials }, (): Kill => {
    if (random.chance(startShare)) return { during: 'start', afterMs: random.between(50, longestStartMs) };
    return { during: 'load', afterMs: random.between(0, longestLoadMs) };
  });
}
