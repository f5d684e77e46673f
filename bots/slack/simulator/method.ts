/** What every method of the simulated Web API is given, and what it answers. */
import type { JsonObject } from '../../../src/kernel/canonical-json.ts';
import type { Clock } from '../../../src/kernel/ports.ts';
import type { Answer } from '../../shared/simulator/server.ts';
import type { Arguments } from './arguments.ts';
import type { ResponseUrls, Triggers } from './handles.ts';
import type { Oracle } from './oracle.ts';
import type { PublishedLimits } from './published-limits.ts';
import type { Tokens } from './tokens.ts';
import type { Views } from './views.ts';
import type { Installation, World } from './world.ts';

/** The platform's state. */
export interface Platform {
  clock: Clock;
  world: World;
  tokens: Tokens;
  oracle: Oracle;
  views: Views;
  triggers: Triggers;
  responseUrls: ResponseUrls;
  limits: PublishedLimits;
  ways: Ways;
  /** The app was removed, or its tokens were withdrawn, by a call. */
  onRevoked(installation: Installation, how: 'uninstalled' | 'revoked'): void;
}

/** How it behaves where Slack's documentation is silent or has exceptions, and where it stands against us. */
export interface Ways {
  /** What posting to a conversation or person, by id, is refused with: `is_archived`, `user_disabled`. Empty at first. */
  refusals: Map<string, string>;
  /** A message whose `client_msg_id` was seen in the conversation before is not posted again. Off at first. */
  dedupesByClientMsgId: boolean;
  /** Messages are read by 15 at most, as by apps that are sold outside Slack's marketplace. Off at first. */
  readsByFifteen: boolean;
  /** What the texts of a message's blocks may come to; as measured, at first. */
  maxBlocksText: number;
}

/** A call whose token was found good. */
export interface Call {
  args: Arguments;
  token: string;
  installation: Installation;
  scopes: string;
}

export type Method = (platform: Platform, call: Call) => Answer;

export function succeeded(body: JsonObject = {}): Answer {
  return { status: 200, body: { ok: true, ...body } };
}

/** Slack answers its errors with 200; `messages` say what was wrong with the arguments. */
export function failed(error: string, messages: readonly string[] = []): Answer {
  const details = messages.length === 0 ? {} : { response_metadata: { messages: [...messages] } };
  return { status: 200, body: { ok: false, error, ...details } };
}

/** The refusal of a call whose token has none of the scopes; null when it has one. */
export function lacking({ scopes }: Call, ...enough: string[]): Answer | null {
  const provided = scopes.split(',');
  if (enough.some((scope) => provided.includes(scope))) return null;
  return {
    status: 200,
    body: { ok: false, error: 'missing_scope', needed: enough.join(','), provided: scopes },
  };
}

/** The refusal of a call that lacks arguments; null when it has them all. */
export function missing(args: Arguments, ...names: string[]): Answer | null {
  const absent = names.filter((name) => !args.has(name));
  if (absent.length === 0) return null;
  return failed(
    'invalid_arguments',
    absent.map((name) => `[ERROR] missing required field: ${name}`),
  );
}
