/** What the planning of deliveries needs of the API's services. */
import type { ExpandDependencies } from '../../notify/expand-audience.ts';
import type { ApiServices } from '../route.ts';

/** @throws Error (from `addressingOf`) for a platform that no registration can have */
export function planningOf({ platforms, log }: ApiServices): ExpandDependencies {
  return {
    addressingOf: (id) => {
      const platform = platforms.get(id);
      if (platform === undefined) throw new Error(`there is no platform ${id}`);
      return platform.addressing;
    },
    log,
  };
}
