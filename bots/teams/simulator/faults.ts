/** Where the simulated platform can be told to fail, and how. */
import { type CommonFault, SwitchedFaults } from '../../shared/simulator/faults.ts';

export const routes = [
  'send',
  'update',
  'delete',
  'create_conversation',
  'members',
  'team',
  'feed',
  'channel_messages',
  'chat_messages',
  'token',
  'openid',
  'keys',
] as const;
export type Route = (typeof routes)[number];

/** Faults of this platform's own. Nothing is done. */
export type Refusal =
  /** Refused with a status, e.g. 429 or 412; `code` is the connector's name of the error. */
  { kind: 'refuse'; status: number; code?: string; message?: string; retryAfterSeconds?: number };

export type Fault = Refusal | CommonFault;

/** The switchboard of this platform's routes. */
export class Faults extends SwitchedFaults<Route, Fault> {}
