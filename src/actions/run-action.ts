/** Runs one action: every check in its order, the work in a savepoint, and what the audit will say of it. */
import type { ZodError } from 'zod';
import type { AuditPayload, AuditResult } from '../audit/audit-chain.ts';
import { codeOf } from '../infra/database.ts';
import type { JsonObject, JsonValue } from '../kernel/canonical-json.ts';
import { DeskbridgeError, type ErrorCode, type FieldError } from '../kernel/errors.ts';
import { newId } from '../kernel/ids.ts';
import type { Message, Reply } from '../kernel/message.ts';
import type { Log } from '../kernel/ports.ts';
import { type ActionPolicy, switchedOff } from './action-policy.ts';
import {
  type ActionContext,
  type ActionResult,
  type ActionTarget,
  type AnyAction,
  AskBack,
} from './define-action.ts';

export interface Invocation {
  definition: AnyAction;
  input: JsonObject;
  /** Another reading of what was typed, for when the first names a record that does not exist. */
  alternative?: JsonObject | null;
  /** Runs first, inside the savepoint: uses up the nonce. @throws RepeatedInteraction, DeskbridgeError */
  guard?: () => Promise<void>;
}

/** What an attempt at a mutation leaves in the audit. */
export interface Attempt {
  payload: AuditPayload;
  result: AuditResult;
  errorCode: string | null;
}

export type Outcome =
  | { kind: 'done'; result: ActionResult; attempt: Attempt | null }
  /** The person is asked something back: no attempt. */
  | { kind: 'asked'; code: AskBack['code']; question: Message }
  /** The same press or submission again: the stored reply, no attempt. */
  | { kind: 'repeated'; reply: Reply }
  | { kind: 'refused'; error: DeskbridgeError; attempt: Attempt | null };

/** Thrown by a guard: this interaction succeeded before. */
export class RepeatedInteraction extends Error {
  readonly reply: Reply;

  constructor(reply: Reply) {
    super('repeated interaction');
    this.reply = reply;
  }
}

const denials = new Set<ErrorCode>(['forbidden', 'not_linked', 'surface_disabled', 'action_disabled']);

/**
 * Order of checks: surface → allowed for the tenant → linked → schema → target → permission → run. A failure undoes
 * what the action did and nothing else; the caller still commits its audit row and its reply.
 * @throws only what says that the transaction itself cannot go on (database gone, deadlock)
 */
export async function runAction(
  context: ActionContext,
  invocation: Invocation,
  policy: ActionPolicy,
  log: Log,
): Promise<Outcome> {
  const outcome = await attemptAction(context, invocation, policy, log);
  const { alternative, ...first } = invocation;
  if (!alternative || outcome.kind !== 'refused' || outcome.error.code !== 'not_found') return outcome;
  const other = await attemptAction(context, { ...first, input: alternative }, policy, log);
  return other.kind === 'refused' && other.error.code === 'validation_error' ? outcome : other;
}

async function attemptAction(
  context: ActionContext,
  invocation: Invocation,
  policy: ActionPolicy,
  log: Log,
): Promise<Outcome> {
  const { definition } = invocation;
  const progress: Progress = { input: invocation.input, target: null };
  try {
    checkPolicy(context, definition, policy);
    const input = parseInput(definition, invocation.input);
    progress.input = input as JsonValue;
    const result = await context.tx.savepoint(async () => {
      await invocation.guard?.();
      const resolved = await definition.resolve?.(context, input as never);
      progress.target = resolved?.target ?? null;
      checkPermission(context, definition);
      return await definition.run(context, input as never, resolved?.record as never);
    });
    progress.target = result.target ?? progress.target;
    return { kind: 'done', result, attempt: attemptOf(definition, progress, null) };
  } catch (thrown) {
    if (thrown instanceof RepeatedInteraction) return { kind: 'repeated', reply: thrown.reply };
    if (thrown instanceof AskBack) return { kind: 'asked', code: thrown.code, question: thrown.question };
    const error = asActionError(thrown, definition, log);
    return { kind: 'refused', error, attempt: attemptOf(definition, progress, error.code) };
  }
}

/** How far an attempt came. */
interface Progress {
  input: JsonValue;
  target: ActionTarget | null;
}

function checkPolicy(context: ActionContext, definition: AnyAction, policy: ActionPolicy): void {
  const { surface, chat } = context;
  if (chat?.isGroup && !policy.groupChat)
    throw new DeskbridgeError('surface_disabled', { detail: 'group_chat' });
  const off = switchedOff(policy, definition, surface);
  if (off !== null) throw new DeskbridgeError(off);
  if (context.actor === null && definition.unlinked !== true) throw new DeskbridgeError('not_linked');
}

function checkPermission(context: ActionContext, definition: AnyAction): void {
  if (definition.permission === null) return;
  if (!context.actor?.capabilities.has(definition.permission)) {
    throw new DeskbridgeError('forbidden', { detail: `The permission ${definition.permission} is missing.` });
  }
}

function parseInput(definition: AnyAction, input: JsonObject): unknown {
  const parsed = definition.input.safeParse(input);
  if (parsed.success) return parsed.data;
  throw new DeskbridgeError('validation_error', { fields: fieldErrors(parsed.error) });
}

/** The faults of a refused input, by dotted path. */
export function fieldErrors(error: ZodError): FieldError[] {
  return error.issues.flatMap((issue) => {
    const path = issue.path.map(String).join('.');
    if (issue.code !== 'unrecognized_keys') return [{ path, message: issue.message, rule: ruleOf(issue) }];
    return issue.keys.map((key) => ({
      path: path === '' ? key : `${path}.${key}`,
      message: 'Unknown field',
    }));
  });
}

function ruleOf(issue: ZodError['issues'][number]): NonNullable<FieldError['rule']> {
  if (issue.code === 'too_big') return { kind: 'too_long', limit: Number(issue.maximum) };
  const empty = issue.code === 'too_small' || (issue.code === 'invalid_type' && issue.input === undefined);
  return { kind: empty ? 'required' : 'invalid' };
}

/** Expected failures as they are; anything else becomes `execution_failed` with a log id, unless a retry helps. */
function asActionError(thrown: unknown, definition: AnyAction, log: Log): DeskbridgeError {
  if (thrown instanceof DeskbridgeError && thrown.code !== 'unavailable') return thrown;
  if (thrown instanceof DeskbridgeError || isTransactionLost(thrown)) throw thrown;
  const logId = newId();
  log.error({ log_id: logId, action: definition.id, err: thrown }, 'an action failed');
  return new DeskbridgeError('execution_failed', { detail: `Log id ${logId}.`, cause: thrown });
}

/** Serialization failures, deadlocks, lost connections, cancelled statements: not the action's fault. */
export function isTransactionLost(thrown: unknown): boolean {
  return (
    /^(40001|40P01|55P03|08...|57...|53...|25P0.|E[A-Z_]+)$/.test(codeOf(thrown)) || isConnectionLost(thrown)
  );
}

function isConnectionLost(thrown: unknown): boolean {
  return (
    thrown instanceof Error && /Connection terminated|Query read timeout|not queryable/.test(thrown.message)
  );
}

function attemptOf(definition: AnyAction, progress: Progress, code: ErrorCode | null): Attempt | null {
  if (definition.kind !== 'mutation') return null;
  return {
    payload: { action: definition.id, input: progress.input, target: progress.target },
    result: code === null ? 'success' : denials.has(code) ? 'denied' : 'failure',
    errorCode: code,
  };
}
