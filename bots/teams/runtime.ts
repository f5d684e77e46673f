/**
 * Sending to Teams. The only importer of botbuilder, and of its types alone: its ConnectorClient cannot be told not to
 * repeat a POST (three repeats on 5xx and resets, which would double messages), and costs three times as much CPU as
 * the plain request below.
 */
import type { Activity as BotActivity } from 'botbuilder';
import { DeskbridgeError } from '../../src/kernel/errors.ts';
import type {
  BotRuntime,
  OutboundMessage,
  PlatformEnvironment,
  SendOutcome,
} from '../../src/kernel/platform.ts';
import type { Log } from '../../src/kernel/ports.ts';
import { HttpCaller } from '../shared/http-call.ts';
import { isLoopbackHost } from '../shared/loopback.ts';
import { misconfigured } from '../shared/outcomes.ts';
import type { TokenResult } from '../shared/token-cache.ts';
import { BotTokens } from './bot-tokens.ts';
import { outcomeOf } from './errors.ts';
import { examineTeams } from './examine.ts';
import { isTrustedServiceUrl, parseServiceUrl, withoutTrailingSlash } from './hosts.ts';
import { connectorConversationId } from './reference.ts';
import { renderMessage } from './render.ts';
import { readSettings } from './settings.ts';

const timeoutMs = 5000;

/** A runtime over the connector's REST interface; one HTTP request a send, besides the token's when none is cached. */
export function createTeamsRuntime(environment: PlatformEnvironment): BotRuntime {
  const settings = readSettings(environment.settings);
  const caller = new HttpCaller(timeoutMs);
  const tokens = new BotTokens(caller, environment.clock, settings.loginUrl);
  return {
    async send(message: OutboundMessage): Promise<SendOutcome> {
      const { registration } = message;
      const serviceUrl = trustedServiceUrl(message, settings.serviceHosts);
      if (serviceUrl === null) return misconfigured();
      // The demo speaks to loopback only, and no secret of it is worth a token there.
      const token = registration.demo ? null : await tokenOf(tokens, message, environment.log);
      if (token !== null && !token.ok) return token.outcome;
      const result = await caller.call({
        ...target(serviceUrl, message),
        headers: {
          'content-type': 'application/json',
          accept: 'application/json',
          ...(token === null ? {} : { authorization: `Bearer ${token.token}` }),
        },
        body: JSON.stringify(outgoingActivity(message)),
      });
      const outcome = outcomeOf(result, message.updateMessageId !== null, environment.clock.now());
      if (result.kind === 'answered' && result.status === 401 && token !== null) {
        tokens.forget(registration);
        // A cached token can have been withdrawn; with a fresh one a refusal is final.
        if (token.fromCache) return { result: 'rejected', code: 'unauthorized', retryable: true };
      }
      return outcome;
    },
    examine: (registration) => examineTeams(registration, tokens),
    async close(): Promise<void> {
      caller.close();
    },
  };
}

/** Where the call goes, checked anew at every send, so that no token ever leaves for another host. */
function trustedServiceUrl(message: OutboundMessage, serviceHosts: readonly string[]): string | null {
  const url = message.reference.serviceUrl === null ? null : parseServiceUrl(message.reference.serviceUrl);
  if (url === null) return null;
  const trusted = message.registration.demo
    ? isLoopbackHost(url.hostname)
    : isTrustedServiceUrl(url, serviceHosts);
  return trusted ? withoutTrailingSlash(url) : null;
}

/** A token, or the outcome of a send that never began. */
async function tokenOf(tokens: BotTokens, message: OutboundMessage, log: Log): Promise<TokenResult> {
  try {
    return await tokens.get(message.registration);
  } catch (error) {
    if (error instanceof DeskbridgeError && error.code === 'registration_misconfigured') {
      return { ok: false, outcome: misconfigured() };
    }
    const { registrationId } = message.registration;
    log.warn({ registrationId, reason: error instanceof Error ? error.name : 'unknown' }, 'no credentials');
    return { ok: false, outcome: { result: 'rejected', code: 'transient', retryable: true } };
  }
}

/** Post, reply, or replace: the three calls of the connector that a send can be. */
function target(serviceUrl: string, message: OutboundMessage): { method: 'POST' | 'PUT'; url: string } {
  const { reference, replyToMessageId, updateMessageId } = message;
  const conversation = encodeURIComponent(connectorConversationId(reference, replyToMessageId));
  const activities = `${serviceUrl}/v3/conversations/${conversation}/activities`;
  if (updateMessageId !== null) {
    return { method: 'PUT', url: `${activities}/${encodeURIComponent(updateMessageId)}` };
  }
  if (replyToMessageId === null) return { method: 'POST', url: activities };
  return { method: 'POST', url: `${activities}/${encodeURIComponent(replyToMessageId)}` };
}

function outgoingActivity(message: OutboundMessage): Partial<BotActivity> {
  const { reference, replyToMessageId, updateMessageId } = message;
  const activity: Partial<BotActivity> = {
    ...(renderMessage(message.message) as Partial<BotActivity>),
    type: 'message',
    from: { id: reference.botId ?? `28:${message.registration.appId}`, name: '' },
  };
  if (replyToMessageId !== null) activity.replyToId = replyToMessageId;
  if (updateMessageId !== null) activity.id = updateMessageId;
  return activity;
}
