/** Where the simulated platform can be told to fail, and how. */
import { type CommonFault, SwitchedFaults } from '../../shared/simulator/faults.ts';

/** A method of the Web API (`chat.postMessage`), `response_url` or `authorize`. */
export type Route = string;

/** Faults of this platform's own. Nothing is done. */
export type Refusal =
  /** HTTP 200 with `ok: false` and this error, nothing done. */
  | { kind: 'error'; error: string }
  /** Refused with a status; 429 says `ratelimited`, with Retry-After where it is given. */
  | { kind: 'refuse'; status: number; error?: string; retryAfterSeconds?: number };

export type Fault = Refusal | CommonFault;

/** The switchboard of this platform's routes. */
export class Faults extends SwitchedFaults<Route, Fault> {}
