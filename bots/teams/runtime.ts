/**
 * Sending to Teams. The only importer of botbuilder, and of its types alone: its ConnectorClient cannot be told not to
 * repeat a POST (three repeats on 5xx and resets, which would double messages), and costs three times as much CPU as
 * the plain request below.
 */
import type { Activity as BotActivity } from 'botbuilder';
import type { ConversationReference } from '../../src/kernel/activity.ts';
import type {
  BotRuntime,
  OutboundMessage,
  PlatformEnvironment,
  PlatformRegistration,
  SendOutcome,
} from '../../src/kernel/platform.ts';
import { HttpCaller } from '../shared/http-call.ts';
import { misconfigured } from '../shared/outcomes.ts';
import { AuthorizedCaller } from './authorized-call.ts';
import { BotTokens } from './bot-tokens.ts';
import type { TeamsCalls } from './calls.ts';
import { deliver } from './deliver.ts';
import { outcomeOf } from './errors.ts';
import { examineTeams } from './examine.ts';
import { connectorUrl } from './hosts.ts';
import { lookUp } from './look-up.ts';
import { openConversation } from './open-conversation.ts';
import { connectorConversationId } from './reference.ts';
import { renderMessage } from './render.ts';
import { readSettings } from './settings.ts';
import { withdraw } from './withdraw.ts';

const timeoutMs = 5000;

/** A page of 50 messages, each with a card of ours or of somebody who is less sparing. */
const maxPageBytes = 8_000_000;

/** A runtime over the REST interfaces of the connector and Graph; one HTTP request a call, besides the token's. */
export function createTeamsRuntime(environment: PlatformEnvironment): BotRuntime {
  const settings = readSettings(environment.settings);
  const { clock, log } = environment;
  const caller = new HttpCaller(timeoutMs);
  const graphCaller = new HttpCaller(timeoutMs, maxPageBytes);
  const tokens = new BotTokens(caller, clock, settings.loginUrl);
  const graphTokens = new BotTokens(caller, clock, settings.graphLoginUrl, 'graph');
  const calls: TeamsCalls = {
    settings,
    clock,
    connector: new AuthorizedCaller(caller, tokens, log),
    graph: new AuthorizedCaller(graphCaller, graphTokens, log),
    moved: new Map(),
    teams: new Map(),
  };
  return {
    send: (message) => send(calls, message),
    deliver: (delivery) => deliver(calls, delivery),
    open: (registration, destination, limitMs) => openConversation(calls, registration, destination, limitMs),
    lookUp: (delivery, unknown) => lookUp(calls, delivery, unknown),
    withdraw: (sent) => withdraw(calls, sent),
    probe: (registration, reference, limitMs) => answers(calls, registration, reference, limitMs),
    examine: (registration) => examineTeams(registration, tokens, graphTokens),
    async close(): Promise<void> {
      caller.close();
      graphCaller.close();
    },
  };
}

/** Asks for a member of a conversation, which posts nothing; whatever the connector answers, it is there. */
async function answers(
  calls: TeamsCalls,
  registration: PlatformRegistration,
  reference: ConversationReference | null,
  limitMs: number,
): Promise<boolean> {
  const serviceUrl = connectorUrl(registration, reference?.serviceUrl ?? null, calls.settings);
  if (serviceUrl === null) return false;
  const conversation = encodeURIComponent(reference?.platformConversationId ?? 'none');
  const url = `${serviceUrl}/v3/conversations/${conversation}/pagedmembers?pageSize=1`;
  const answer = await calls.connector.call(registration, { method: 'GET', url }, limitMs);
  return answer.ok && answer.result.kind === 'answered' && answer.result.status < 500;
}

/** A reply to an activity, or a new state of a message of ours. */
async function send(calls: TeamsCalls, message: OutboundMessage): Promise<SendOutcome> {
  const { registration, reference, updateMessageId } = message;
  const serviceUrl =
    reference.serviceUrl === null ? null : connectorUrl(registration, reference.serviceUrl, calls.settings);
  if (serviceUrl === null) return misconfigured();
  const call = { ...target(serviceUrl, message), body: JSON.stringify(outgoingActivity(message)) };
  const answer = await calls.connector.call(registration, call, timeoutMs);
  return answer.ok ? outcomeOf(answer.result, updateMessageId !== null, calls.clock.now()) : answer.outcome;
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
