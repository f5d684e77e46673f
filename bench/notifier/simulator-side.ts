/** A platform's simulator as a process of its own. */

import { serve } from './side-process.ts';
import { simulatedPlatform } from './simulated-platforms.ts';

export interface SimulatorPreparation {
  platformId: string;
  people: number;
}

serve<SimulatorPreparation, { kind: 'settings' }>(async ({ platformId, people }) => {
  const settings = await simulatedPlatform(platformId).start(people);
  return { answer: async () => settings, close: async () => undefined };
});
