/** What the runtime's operations share: the two interfaces that are called, and what was learned of them. */
import type { Clock } from '../../src/kernel/ports.ts';
import type { AuthorizedCaller } from './authorized-call.ts';
import type { TeamsSettings } from './settings.ts';

export interface TeamsCalls {
  settings: TeamsSettings;
  clock: Clock;
  connector: AuthorizedCaller;
  graph: AuthorizedCaller;
  /** Conversations whose own service URL refused them as another region's, with that URL; the values say nothing. */
  moved: Map<string, true>;
  /** Graph's id of teams, by registration and the connector's id. */
  teams: Map<string, string>;
}
