/** The platform's side in the load process: who says what in which form, and how calls of its API are answered. */
import type { IncomingHttpHeaders } from 'node:http';
import type { BenchTenant } from './inbound-platform.ts';

/** A request as it leaves for the bot. */
export interface Outgoing {
  headers: Record<string, string>;
  body: string;
}

export interface Said extends Outgoing {
  /** By which the reply is known again: what the call of the API names. */
  replyKey: string;
}

/** A person who types something. */
export interface Speaker {
  key: string;
  say(text: string): Said;
}

/** A call of the platform's API by a bot. */
export interface ApiCall {
  /** Path and query. */
  url: string;
  headers: IncomingHttpHeaders;
  body: string;
}

export interface ApiAnswer {
  status: number;
  body: object;
  /** Set when the call was a reply: to what. */
  repliesTo?: string;
}

export interface LoadSide {
  /** Answers a call; as little work as it takes, the same for everybody. @param apiUrl its own address */
  answer(call: ApiCall, apiUrl: string): ApiAnswer;
  /** Everybody of a tenant. */
  speakers(tenant: BenchTenant, apiUrl: string): Promise<Speaker[]>;
  /** Sent to each server before its first command. */
  opening?(): Outgoing;
}
