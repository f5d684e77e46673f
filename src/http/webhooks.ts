/** The platforms' endpoints: raw bytes in, verified, resolved to a tenant, handled, answered in their own form. */
import express, { type Request, type Response, Router } from 'express';
import {
  type Handled,
  handleActivity,
  type InboundDependencies,
  sendWindowMs,
} from '../inbound/handle-activity.ts';
import { type SendDependencies, sendReply } from '../inbound/send-reply.ts';
import type { Metrics } from '../infra/metrics.ts';
import type { Activity } from '../kernel/activity.ts';
import { DeskbridgeError } from '../kernel/errors.ts';
import type { BotPlatform, PlatformRegistration, RawRequest, Receiver } from '../kernel/platform.ts';
import type { RegistrationDirectory } from '../registrations/app-directory.ts';
import { resolveTenant } from '../tenants/resolve-tenant.ts';

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
const deadlineMs = 4_000;

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
  try {
    const activity = await authenticate(deps, platform, receiver, request, response);
    if (activity === null) return;
    const registration = await resolveTenant(deps.registrations, activity);
    if (registration === null) return reject(deps, platform, response, 403, 'not_enrolled');
    const handled = await inTime(handleActivity(deps.inbound, activity, registration));
    deps.metrics.activities.inc({
      platform: platform.id,
      kind: activity.intent.kind,
      outcome: handled.outcome,
    });
    if (handled.outcome === 'refused') return reject(deps, platform, response, 403, 'not_live');
    respond(deps, platform, { activity, registration, handled }, response);
  } catch (error) {
    failed(deps, platform, error, response);
  } finally {
    const seconds = Number(process.hrtime.bigint() - started) / 1e9;
    deps.metrics.activitySeconds.observe({ platform: platform.id }, seconds);
  }
}

/**
 * Platforms drop answers that come too late (Teams invokes: 5 s) and repeat. Should the work commit all the same,
 * the repeat finds the receipt, and the sweep sends the reply.
 */
async function inTime<T>(work: Promise<T>): Promise<T> {
  work.catch(() => undefined);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new DeskbridgeError('unavailable')), deadlineMs);
  });
  return await Promise.race([work, late]).finally(() => clearTimeout(timer));
}

/** Null when the request was refused and answered. */
async function authenticate(
  deps: WebhookDependencies,
  platform: BotPlatform,
  receiver: Receiver,
  request: Request,
  response: Response,
): Promise<Activity | null> {
  const verification = await receiver.verify(rawRequest(request));
  if (!verification.ok) {
    reject(deps, platform, response, 401, verification.reason);
    return null;
  }
  const translation = platform.toActivity(verification.payload, verification.appId);
  if (!translation.ok) {
    reject(deps, platform, response, 403, translation.reason);
    return null;
  }
  return translation.activity;
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

interface Done {
  activity: Activity;
  registration: PlatformRegistration;
  handled: Handled;
}

/** Acknowledges, then sends: the commit stands, so the platform need not wait for its own API. */
function respond(deps: WebhookDependencies, platform: BotPlatform, done: Done, response: Response): void {
  const { activity, handled } = done;
  const answer = platform.renderAnswer(handled.reply, activity);
  response.status(answer.status).set(answer.headers ?? {});
  if (answer.body === undefined) response.end();
  else response.json(answer.body);
  if (handled.receipt === null) return;
  if (handled.reply.message !== undefined) deps.background(send(deps, done));
  else confirmAnswer(deps, done, response);
}

async function send(deps: WebhookDependencies, done: Done): Promise<void> {
  const { activity, registration, handled } = done;
  const { receipt, reply } = handled;
  if (receipt === null || reply.message === undefined || activity.reference === null) return;
  // Under overload a send may come to its turn when the sweep has taken over: then it is the sweep's.
  if (deps.inbound.clock.now().getTime() - receipt.claimedAt.getTime() >= sendWindowMs) return;
  await sendReply(deps.sending, {
    registration,
    receiptId: receipt.receiptId,
    message: reply.message,
    updateMessageId: reply.updateMessageId ?? null,
    reference: activity.reference,
    replyToMessageId: activity.messageId,
    attempts: 0,
    ambiguous: false,
    claimedAt: receipt.claimedAt,
  });
}

/** An answer that left completely is confirmed; one that was cut off is told again later, as a message. */
function confirmAnswer(deps: WebhookDependencies, done: Done, response: Response): void {
  const { receipt } = done.handled;
  if (receipt === null) return;
  response.once('finish', () => {
    const { receiptId, tenantId } = receipt;
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
function reject(
  deps: WebhookDependencies,
  platform: BotPlatform,
  response: Response,
  status: 401 | 403,
  reason: string,
): void {
  deps.metrics.webhookRejected.inc({ platform: platform.id, reason });
  response.status(status).end();
}

/** Nothing was committed: the platform is told to repeat. */
function failed(deps: WebhookDependencies, platform: BotPlatform, error: unknown, response: Response): void {
  const unavailable = error instanceof DeskbridgeError && error.code === 'unavailable';
  const log = unavailable ? deps.inbound.log.warn : deps.inbound.log.error;
  log.call(deps.inbound.log, { platform: platform.id, err: error }, 'an activity was not handled');
  deps.metrics.activities.inc({ platform: platform.id, kind: 'unknown', outcome: 'failed' });
  if (!response.headersSent) response.status(503).end();
}
