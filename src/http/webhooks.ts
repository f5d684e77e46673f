/** The platforms' endpoints: raw bytes in, verified, resolved to a tenant, handled, answered in their own form. */
import express, { type Request, type Response, Router } from 'express';
import { activityFault } from '../inbound/activity-fault.ts';
import {
  type Handled,
  handleActivity,
  type InboundDependencies,
  sendWindowMs,
} from '../inbound/handle-activity.ts';
import { wantsQuotedMessage } from '../inbound/interpret.ts';
import { refusalMessage } from '../inbound/present-outcome.ts';
import { type SendDependencies, sendReply } from '../inbound/send-reply.ts';
import { CommitUnknownError } from '../infra/database.ts';
import type { Metrics } from '../infra/metrics.ts';
import type { Activity } from '../kernel/activity.ts';
import { DeskbridgeError } from '../kernel/errors.ts';
import { newId } from '../kernel/ids.ts';
import type { Answer } from '../kernel/message.ts';
import type {
  BotPlatform,
  HttpAnswer,
  PlatformRegistration,
  RawRequest,
  Receiver,
} from '../kernel/platform.ts';
import type { RegistrationDirectory } from '../registrations/app-directory.ts';
import { resolveTenant } from '../tenants/resolve-tenant.ts';
import { translator } from '../words/index.ts';

export interface WebhookDependencies {
  inbound: InboundDependencies;
  sending: SendDependencies;
  registrations: RegistrationDirectory;
  platforms: { platform: BotPlatform; receiver: Receiver }[];
  metrics: Metrics;
  /** Work that goes on after the answer; awaited at shutdown. */
  background: (work: Promise<unknown>) => void;
}

const bodyLimit = '256kb';

export function webhookRoutes(deps: WebhookDependencies): Router {
  const router = Router();
  const rawBody = express.raw({ type: () => true, limit: bodyLimit });
  for (const { platform, receiver } of deps.platforms) {
    for (const path of platform.paths) {
      router.post(path, rawBody, async (request, response) => {
        await receive(deps, platform, receiver, request, response);
      });
    }
  }
  return router;
}

async function receive(
  deps: WebhookDependencies,
  platform: BotPlatform,
  receiver: Receiver,
  request: Request,
  response: Response,
): Promise<void> {
  const started = process.hrtime.bigint();
  const arrival: Arrival = { deps, platform, response, activity: null, registration: null };
  const deadline = performance.now() + platform.answerWithinMs;
  try {
    const handled = await handle(arrival, receiver, request, deadline);
    if (handled !== null) respond(arrival, handled);
  } catch (error) {
    failed(arrival, error);
  } finally {
    const seconds = Number(process.hrtime.bigint() - started) / 1e9;
    deps.metrics.activitySeconds.observe({ platform: platform.id }, seconds);
  }
}

/** One request, and how far it came. */
interface Arrival {
  deps: WebhookDependencies;
  platform: BotPlatform;
  response: Response;
  activity: Activity | null;
  registration: PlatformRegistration | null;
}

/** Null when the request was refused, or was the platform's own handshake: it is answered then. */
async function handle(
  arrival: Arrival,
  receiver: Receiver,
  request: Request,
  deadline: number,
): Promise<Handled | null> {
  const { deps, platform, response } = arrival;
  const verification = await receiver.verify(rawRequest(request));
  if (!verification.ok) return reject(arrival, 401, verification.reason);
  if ('handshake' in verification) {
    answer(response, verification.handshake);
    return null;
  }
  const translation = platform.toActivity(verification.payload, verification.appId);
  if (!translation.ok) return reject(arrival, 403, translation.reason);
  const { activity } = translation;
  const fault = activityFault(activity);
  if (fault !== null) return reject(arrival, 403, fault);
  const registration = await resolveTenant(deps.registrations, activity);
  if (registration === null) return reject(arrival, 403, 'not_enrolled');
  // A secret that one tenant's administrator entered says nothing about another tenant's organization.
  if (!(verification.provenFor?.has(registration.tenantId) ?? true)) {
    return reject(arrival, 401, 'not_proven_for_tenant');
  }
  arrival.activity = activity;
  arrival.registration = registration;
  const work = withQuotedMessage(deps, activity, registration).then((whole) =>
    handleActivity(deps.inbound, whole, registration),
  );
  const handled = await inTime(work, deadline - performance.now()).catch((error) => {
    if (error instanceof TooLate && activity.deliveredOnce) deps.background(tellLate(arrival, work));
    throw error;
  });
  // After the commit, so that nothing is read again from before it.
  if (activity.intent.kind === 'revoked') deps.registrations.clear();
  deps.metrics.activities.inc({
    platform: platform.id,
    kind: activity.intent.kind,
    outcome: handled.outcome,
  });
  return handled.outcome === 'refused' ? reject(arrival, 403, 'not_live') : handled;
}

/** The message that a new ticket is to be made from is read before the transaction, which waits for nobody outside. */
async function withQuotedMessage(
  deps: WebhookDependencies,
  activity: Activity,
  registration: PlatformRegistration,
): Promise<Activity> {
  const { intent, quotedMessageId, reference } = activity;
  if (intent.kind !== 'command' || quotedMessageId === undefined || reference === null) return activity;
  if (!wantsQuotedMessage(intent.text, deps.inbound.interpreter)) return activity;
  const runtime = await deps.sending.runtime(registration.platform);
  const source = (await runtime.readMessage?.(registration, reference, quotedMessageId)) ?? null;
  return source === null ? activity : { ...activity, intent: { ...intent, source } };
}

/** The time that the platform waits is over, and the work goes on: nobody knows yet what comes of it. */
class TooLate extends DeskbridgeError {
  constructor() {
    super('unavailable');
  }
}

/**
 * Platforms drop answers that come too late, and repeat or tell the person that the app did not answer. Should the work
 * commit all the same, the repeat finds the receipt, and the sweep sends the reply.
 * @throws TooLate
 */
async function inTime<T>(work: Promise<T>, deadlineMs: number): Promise<T> {
  work.catch(() => undefined);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new TooLate()), deadlineMs);
  });
  return await Promise.race([work, late]).finally(() => clearTimeout(timer));
}

function rawRequest(request: Request): RawRequest {
  const { registration } = request.params;
  return {
    path: request.path,
    registrationId: typeof registration === 'string' ? registration : null,
    headers: request.headers,
    body: Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0),
    remoteAddress: request.socket.remoteAddress ?? '',
  };
}

/** Acknowledges, then sends: the commit stands, so the platform need not wait for its own API. */
function respond(arrival: Arrival, handled: Handled): void {
  const { deps, platform, response, activity, registration } = arrival;
  if (activity === null || registration === null) return;
  const { reply, receipt } = handled;
  answer(response, platform.renderAnswer(reply, activity));
  if (reply.answer !== undefined && platform.answersByCall?.(reply.answer, activity)) {
    deps.background(show(deps, registration, activity, reply.answer));
  }
  if (receipt === null) return;
  if (reply.message !== undefined) deps.background(send(deps, registration, activity, handled));
  else confirmAnswer(deps, receipt, response);
}

function answer(response: Response, { status, headers, body }: HttpAnswer): void {
  response.status(status).set(headers ?? {});
  if (body === undefined) response.end();
  else response.json(body);
}

/** An answer that the platform takes by a call. It is tried once: by the next try nobody would look at it any more. */
async function show(
  deps: WebhookDependencies,
  registration: PlatformRegistration,
  activity: Activity,
  answer: Answer,
): Promise<void> {
  const { platform, registrationId } = registration;
  const runtime = await deps.sending.runtime(platform);
  const outcome = await runtime.show?.({ registration, activity, answer });
  if (outcome === undefined || outcome.result === 'sent') return;
  // A form that did not open was not seen by anybody: the person is told, rather than left with a dead button.
  if (answer.kind === 'form') await runtime.show?.({ registration, activity, answer: notDone(activity) });
  const { result, code } = outcome;
  deps.inbound.log.warn(
    { registration_id: registrationId, platform, result, code },
    'an answer was not shown',
  );
}

async function send(
  deps: WebhookDependencies,
  registration: PlatformRegistration,
  activity: Activity,
  handled: Handled,
): Promise<void> {
  const { receipt, reply } = handled;
  const reference = activity.replyReference ?? activity.reference;
  if (receipt === null || reply.message === undefined || reference === null) return;
  // Under overload a send may come to its turn when the sweep has taken over: then it is the sweep's.
  if (deps.inbound.clock.now().getTime() - receipt.claimedAt.getTime() >= sendWindowMs) return;
  await sendReply(deps.sending, {
    registration,
    receiptId: receipt.receiptId,
    message: reply.message,
    updateMessageId: reply.updateMessageId ?? null,
    reference,
    replyToMessageId: activity.messageId,
    responseUrl: activity.responseUrl ?? null,
    attempts: 0,
    ambiguous: false,
    claimedAt: receipt.claimedAt,
  });
}

/** An answer that left completely is confirmed; one that was cut off is told again later, as a message. */
function confirmAnswer(
  deps: WebhookDependencies,
  { receiptId, tenantId }: NonNullable<Handled['receipt']>,
  response: Response,
): void {
  response.once('finish', () => {
    const sentAt = deps.inbound.clock.now();
    const confirmed = deps.sending.records.add(tenantId, { receiptId, attempts: 0, messageId: null, sentAt });
    deps.background(
      confirmed.catch((error) =>
        deps.inbound.log.warn({ receipt_id: receiptId, err: error }, 'an answer was not recorded'),
      ),
    );
  });
}

/** Refusals say nothing: whoever is not authentic learns no reason. */
function reject({ deps, platform, response }: Arrival, status: 401 | 403, reason: string): null {
  deps.metrics.webhookRejected.inc({ platform: platform.id, reason });
  response.status(status).end();
  return null;
}

/** Nothing was committed: the platform is told to repeat, or the person where it never does. */
function failed({ deps, platform, response, activity, registration }: Arrival, error: unknown): void {
  const unavailable = error instanceof DeskbridgeError && error.code === 'unavailable';
  const log = unavailable ? deps.inbound.log.warn : deps.inbound.log.error;
  log.call(deps.inbound.log, { platform: platform.id, err: error }, 'an activity was not handled');
  deps.metrics.activities.inc({ platform: platform.id, kind: 'unknown', outcome: 'failed' });
  if (response.headersSent) return;
  if (activity?.deliveredOnce !== true || registration === null) {
    response.status(503).end();
    return;
  }
  const isKnown = !(error instanceof TooLate || error instanceof CommitUnknownError);
  const told = isKnown ? notDone(activity) : stillRunning(activity);
  answer(response, platform.renderAnswer({ answer: told }, activity));
  if (platform.answersByCall?.(told, activity)) deps.background(show(deps, registration, activity, told));
}

/** What was asked may be done yet: to say that nothing was would invite to do it twice. */
function stillRunning(activity: Activity): Answer {
  const say = translator(activity.reference?.locale ?? null);
  return { kind: 'failed', message: { title: say('late.title'), text: say('late.text') } };
}

/** Nothing was done, and the person may try again. */
function notDone(activity: Activity): Answer {
  const say = translator(activity.reference?.locale ?? null);
  return { kind: 'failed', message: refusalMessage(say, new DeskbridgeError('unavailable')) };
}

/**
 * What came of work that outlasted the platform's wait, for the person who was told to wait for it. A mutation that was
 * done is confirmed by the sweep; a refusal or a failure is told here, since nothing else would.
 */
async function tellLate(arrival: Arrival, work: Promise<Handled>): Promise<void> {
  const { deps, activity, registration } = arrival;
  const answer = await work.then(
    (handled) => (handled.receipt === null ? handled.reply.answer : undefined),
    (error) => {
      deps.inbound.log.warn({ err: error }, 'a late activity was not handled');
      return activity === null ? undefined : notDone(activity);
    },
  );
  const reference = activity?.replyReference ?? activity?.reference ?? null;
  const message = answer !== undefined && 'message' in answer ? answer.message : null;
  if (message === null || registration === null || reference === null) return;
  const runtime = await deps.sending.runtime(registration.platform);
  const target = { registration, reference, message, replyToMessageId: null, updateMessageId: null };
  await runtime.send({ ...target, token: newId() });
}
