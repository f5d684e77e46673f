/** The whole path of an inbound activity, top to bottom, in one transaction of its tenant. */
import type { ActionResult } from '../actions/define-action.ts';
import { type Outcome, runAction } from '../actions/run-action.ts';
import type { AuditKeys } from '../audit/audit-keys.ts';
import { captureReference } from '../conversations/capture-reference.ts';
import { rememberList } from '../conversations/list-views.ts';
import type { Database, Transaction } from '../infra/database.ts';
import type { Activity } from '../kernel/activity.ts';
import { DeskbridgeError } from '../kernel/errors.ts';
import { newId } from '../kernel/ids.ts';
import type { Reply } from '../kernel/message.ts';
import type { PlatformRegistration } from '../kernel/platform.ts';
import type { Clock, Log } from '../kernel/ports.ts';
import { recordEvidence } from '../notify/confirm-delivery.ts';
import { firstSpoken } from '../words/index.ts';
import { confirmUsed, originOf } from './confirm-used.ts';
import { guardInteraction, keepInteractionReply } from './guard-interaction.ts';
import { type InboundContextRow, readInboundContext } from './inbound-queries.ts';
import { endRegistration, greet, retire } from './installations.ts';
import { type Interpretation, type Interpreter, interpret } from './interpret.ts';
import { openForm, reopenForm } from './open-form.ts';
import { refusalMessage, refuseWith, replyToResult, replyWith } from './present-outcome.ts';
import { claimReceipt, readReceipt, storeReply } from './receipt-store.ts';
import { recordOutcome } from './record-outcome.ts';
import { type Scene, type SceneDependencies, setScene } from './scene.ts';
import { showHome } from './show-home.ts';

export interface InboundDependencies extends SceneDependencies {
  database: Database;
  auditKeys: AuditKeys;
  interpreter: Interpreter;
  clock: Clock;
  log: Log;
  /** Counts a reference that could not be captured, and an action by its result. */
  onCaptureFailed: () => void;
  onAction: (action: string, surface: string, result: string) => void;
}

/** What the webhook has to do after the commit. */
export interface Handled {
  /** `refused`: the registration or its tenant is not live, and the platform is told so. */
  outcome: 'handled' | 'repeated' | 'ignored' | 'refused';
  reply: Reply;
  /** Set when the reply must be confirmed: sent as a message, or known to have been answered. */
  receipt: { receiptId: string; tenantId: string; claimedAt: Date } | null;
}

/** The process that commits has this long to send the reply; then a sweep takes over. */
export const sendWindowMs = 10_000;
const repeatWindowMs = 86_400_000;
const nothing: Reply = {};
const nothingToShow: Reply = { answer: { kind: 'none' } };

/**
 * Handles one verified activity of a registration. Whatever is returned is committed; nothing is when it throws.
 * @throws DeskbridgeError unavailable
 */
export async function handleActivity(
  deps: InboundDependencies,
  activity: Activity,
  registration: PlatformRegistration,
): Promise<Handled> {
  const now = deps.clock.now();
  try {
    return await deps.database.inTenant(registration.tenantId, (tx) =>
      handle(deps, tx, activity, registration, now),
    );
  } catch (error) {
    if (error instanceof NotLive) return { outcome: 'refused', reply: nothing, receipt: null };
    throw error;
  }
}

/** The registration or its tenant is not live: the transaction leaves nothing. */
class NotLive extends Error {}

async function handle(
  deps: InboundDependencies,
  tx: Transaction,
  activity: Activity,
  registration: PlatformRegistration,
  now: Date,
): Promise<Handled> {
  const arrival = await receive(deps, tx, activity, registration, now);
  if ('handled' in arrival) return arrival.handled;
  const { receiptId, row, conversationId } = arrival;

  const reading = interpret(
    activity,
    deps.interpreter,
    firstSpoken([row.locale, activity.reference?.locale, row.language]),
  );
  if (reading.kind === 'ignored') return { outcome: 'ignored', reply: nothingToShow, receipt: null };
  if (reading.kind === 'evidence') {
    await recordEvidence(tx, reading, originOf(activity, registration, row), now);
    return { outcome: 'handled', reply: nothingToShow, receipt: null };
  }
  const scene = setScene(deps, { tx, activity, registration, row, conversationId, reading, now });

  await confirmUsed(scene, deps.log);
  const { reply, outcome } = await answer(deps, scene, reading);
  const address = activity.replyReference ?? activity.reference;
  const confirm = needsConfirmation(reply, outcome) && address !== null && receiptId !== null;
  if (receiptId !== null) {
    storeReply(tx, {
      receiptId,
      reply,
      reference: address,
      replyToMessageId: activity.messageId,
      sendUntil: confirm ? new Date(now.getTime() + sendWindowMs) : null,
      eraseAfter: new Date(now.getTime() + repeatWindowMs),
    });
  }
  // Last before the commit: the audit's head queues the tenant's mutations behind one another.
  await recordOutcome(scene, deps.auditKeys, outcome, receiptId);
  return {
    outcome: 'handled',
    reply,
    receipt: confirm ? { receiptId, tenantId: tx.tenantId, claimedAt: now } : null,
  };
}

type Arrival =
  | { handled: Handled }
  | { receiptId: string | null; row: InboundContextRow; conversationId: string | null };

/** Claims the receipt, reads who and where, and captures the conversation: one trip to the database. */
async function receive(
  deps: InboundDependencies,
  tx: Transaction,
  activity: Activity,
  registration: PlatformRegistration,
  now: Date,
): Promise<Arrival> {
  const receiptId = leavesReceipt(deps, activity) ? newId() : null;
  const { registrationId } = registration;
  const claims =
    receiptId === null
      ? []
      : activity.eventKeys.map((eventKey, index) =>
          claimReceipt(tx, { registrationId, eventKey, receiptId: index === 0 ? receiptId : newId(), now }),
        );
  const [claimed, row, conversationId] = await Promise.all([
    Promise.all(claims),
    readInboundContext(tx, registrationId, activity.person),
    capture(deps, tx, activity, registration, now),
  ]);
  if (row === null || row.registration_status !== 'active' || row.tenant_status !== 'active') {
    throw new NotLive();
  }
  if (claimed.includes(false)) return { handled: await repeat(tx, activity, registrationId) };
  return { receiptId, row, conversationId };
}

/**
 * Searches and forms change nothing: they need no receipt, and every key stroke may send one. Evidence says the same
 * however often it is told.
 */
function leavesReceipt(deps: InboundDependencies, activity: Activity): boolean {
  const { kind } = activity.intent;
  // A form that is a message has to arrive like any other.
  if (kind === 'open_form') return !deps.capabilitiesOf(activity.platform).modal;
  return !['search', 'unfurl', 'home', 'evidence', 'ignored', 'unsupported'].includes(kind);
}

/** The same event again: nothing runs; an answer is given again, an unsent message is the sweep's. */
async function repeat(tx: Transaction, activity: Activity, registrationId: string): Promise<Handled> {
  const stored = await readReceipt(tx, registrationId, activity.eventKeys[0] ?? '');
  const reply = stored?.reply?.answer === undefined ? nothing : { answer: stored.reply.answer };
  return { outcome: 'repeated', reply, receipt: null };
}

async function capture(
  deps: InboundDependencies,
  tx: Transaction,
  activity: Activity,
  registration: PlatformRegistration,
  now: Date,
): Promise<string | null> {
  // Nothing is kept of what is not for us, or of what cannot be told; nobody spoke where a message of ours was only seen.
  const isSpoken = !['evidence', 'ignored', 'unsupported'].includes(activity.intent.kind);
  if (activity.reference === null || !isSpoken) return null;
  try {
    return await captureReference(tx, registration, activity.reference, now);
  } catch (error) {
    // The person is answered all the same; without the reference nobody can be told anything later.
    deps.onCaptureFailed();
    deps.log.error(
      { registration_id: registration.registrationId, err: error },
      'a reference was not captured',
    );
    return null;
  }
}

async function answer(
  deps: InboundDependencies,
  scene: Scene,
  reading: Exclude<Interpretation, { kind: 'ignored' | 'evidence' }>,
): Promise<{ reply: Reply; outcome: Outcome | null }> {
  const { activity, context, say } = scene;
  switch (reading.kind) {
    case 'ask':
      if (scene.groupChatOff) return { reply: refuseWith(activity, groupChatOff(scene)), outcome: null };
      return { reply: replyWith(activity, reading.question(say, context.nonce)), outcome: null };
    case 'form':
      return { reply: await openForm(scene, reading), outcome: null };
    case 'home':
      return { reply: { answer: await showHome(scene, deps.interpreter, deps.log) }, outcome: null };
    case 'installed':
      return { reply: await greet(scene), outcome: null };
    case 'uninstalled':
      await retire(scene);
      return { reply: nothing, outcome: null };
    case 'revoked':
      await endRegistration(scene, reading);
      return { reply: nothing, outcome: null };
    case 'unsupported':
      return { reply: { answer: { kind: 'unsupported' } }, outcome: null };
    case 'run': {
      const guard = guardInteraction(scene, reading);
      const { definition, input, alternative } = reading;
      const invocation = { definition, input, alternative, ...(guard === null ? {} : { guard }) };
      const outcome = await runAction(context, invocation, scene.policy, deps.log);
      const reply = await replyTo(scene, reading, outcome);
      if (outcome.kind === 'done') {
        keepInteractionReply(scene, reading, reply);
        remember(scene, outcome.result);
      }
      deps.onAction(reading.definition.id, reading.surface, resultLabel(outcome));
      if (!activity.onHome) return { reply, outcome };
      return { reply: { ...reply, answer: await showHome(scene, deps.interpreter, deps.log) }, outcome };
    }
  }
}

/** Keeps the list that was shown, so that the person may type `assign 1` next. */
function remember(scene: Scene, result: ActionResult): void {
  const { tx, now, chat } = scene.context;
  if (result.listed === undefined || chat === null || chat.conversationId === null) return;
  const viewer = { ...chat, conversationId: chat.conversationId };
  rememberList(tx, viewer, { ...result.listed, now });
}

async function replyTo(
  scene: Scene,
  reading: Extract<Interpretation, { kind: 'run' }>,
  outcome: Outcome,
): Promise<Reply> {
  switch (outcome.kind) {
    case 'done':
      return replyToResult(scene.activity, outcome);
    case 'asked':
      return refuseWith(scene.activity, outcome.question);
    case 'repeated':
      // The first press updates the card, now or by the sweep: a second message would only say it again.
      return outcome.reply.answer === undefined && scene.activity.cardMessageId !== null ? {} : outcome.reply;
    case 'refused':
      return await refuse(scene, reading, outcome.error);
  }
}

async function refuse(
  scene: Scene,
  reading: Extract<Interpretation, { kind: 'run' }>,
  error: DeskbridgeError,
): Promise<Reply> {
  const { activity, say } = scene;
  if (error.code === 'validation_error' && activity.intent.kind === 'submit_form') {
    const reply = await reopenForm(scene, reading, error);
    if (reply !== null) return reply;
  }
  if (error.code === 'not_linked') return refuseWith(activity, await scene.linkInvitation());
  if (error.code === 'stale_card') return replyWith(activity, await scene.freshCard(reading));
  return refuseWith(activity, refusalMessage(say, error));
}

function groupChatOff(scene: Scene) {
  return refusalMessage(scene.say, new DeskbridgeError('surface_disabled', { detail: 'group_chat' }));
}

/** Messages always; answers only where somebody must learn of a mutation that is done. */
function needsConfirmation(reply: Reply, outcome: Outcome | null): boolean {
  if (reply.message !== undefined) return true;
  const mutated = outcome?.kind === 'done' && outcome.attempt !== null;
  return mutated && (reply.answer?.kind === 'card' || reply.answer?.kind === 'done');
}

function resultLabel(outcome: Outcome): string {
  if (outcome.kind === 'refused') return outcome.error.code;
  return outcome.kind === 'done' ? 'success' : outcome.kind;
}
