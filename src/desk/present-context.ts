/** What a presenter needs to know: for whom, in which words and time zone, and what that person may do. */
import type { Capability } from '../tenants/capabilities.ts';
import type { Say } from '../words/index.ts';

export interface PresentContext {
  say: Say;
  now: Date;
  viewer: { userId: string; timeZone: string | null; capabilities: ReadonlySet<Capability> };
  ticketUrl(ticket: { number: number; url: string | null }): string;
  /** A fresh single-use token for a button. */
  nonce(): string;
}
