/** Where the simulated platform can be told to fail, and how. */
import { type CommonFault, SwitchedFaults } from '../../shared/simulator/faults.ts';

export const routes = [
  'token',
  'app_ticket',
  'bot',
  'tenant',
  'send',
  'reply',
  'update',
  'read',
  'delete',
  'delayed_update',
  'chat',
  'users',
  'read_users',
  'list',
  'scopes',
] as const;
export type Route = (typeof routes)[number];

/** Faults of this platform's own. Nothing is done. */
export type Refusal =
  /**
   * Refused with a code of the Open API; HTTP 400 unless a status is named, since both 200 and 400 occur.
   * `resetSeconds`: with the headers that say how long to wait.
   */
  | { kind: 'refuse'; code: number; status?: number; message?: string; resetSeconds?: number }
  /** Too many requests: HTTP 400 (or 429) with code 99991400; the headers come only with `resetSeconds`. */
  | { kind: 'throttle'; status?: 400 | 429; resetSeconds?: number };

export type Fault = Refusal | CommonFault;

/** The switchboard of this platform's routes. */
export class Faults extends SwitchedFaults<Route, Fault> {}
