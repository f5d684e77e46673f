/** Opening a person's chat with the bot, which posts nothing and gives the same chat each time. */
import { z } from 'zod';
import type { Destination, Opening } from '../../src/kernel/notification.ts';
import type { PlatformRegistration, SendOutcome } from '../../src/kernel/platform.ts';
import type { HttpResult } from '../shared/http-call.ts';
import { parseJson } from '../shared/json.ts';
import { misconfigured } from '../shared/outcomes.ts';
import type { TeamsCalls } from './calls.ts';
import { outcomeOf, repeatable } from './errors.ts';
import { connectorUrl } from './hosts.ts';

const openedSchema = z.object({
  id: z.string().min(1).max(500),
  serviceUrl: z.string().max(500).nullish().catch(null),
});

/**
 * The chat of a person, by Entra object id, with the bot. The app has to be installed for the person, or in a team of
 * theirs (https://learn.microsoft.com/microsoftteams/platform/bots/how-to/conversations/send-proactive-messages).
 */
export async function openConversation(
  calls: TeamsCalls,
  registration: PlatformRegistration,
  destination: Destination,
  timeoutMs: number,
): Promise<Opening> {
  const serviceUrl = connectorUrl(registration, null, calls.settings);
  if (serviceUrl === null) return rejected(misconfigured());
  const { organization, appId } = registration;
  const botId = `28:${appId}`;
  const body = JSON.stringify({
    isGroup: false,
    bot: { id: botId, name: '' },
    members: [{ id: destination.id }],
    tenantId: organization,
    channelData: { tenant: { id: organization } },
  });
  const call = { method: 'POST', url: `${serviceUrl}/v3/conversations`, body } as const;
  const answer = await calls.connector.call(registration, call, timeoutMs);
  if (!answer.ok) return rejected(answer.outcome);
  const outcome = outcomeOf(answer.result, false, calls.clock.now());
  if (outcome.result !== 'sent' || answer.result.kind === 'failed') {
    return rejected(meant(outcome, answer.result));
  }
  const opened = openedSchema.safeParse(parseJson(answer.result.body));
  if (!opened.success) return { result: 'rejected', code: 'server_error', retryable: true };
  const told = opened.data.serviceUrl ?? null;
  const own = told === null ? null : connectorUrl(registration, told, calls.settings);
  return {
    result: 'opened',
    reference: {
      platformConversationId: opened.data.id,
      type: 'personal',
      organization,
      platformUserId: destination.id,
      serviceUrl: own ?? serviceUrl,
      botId,
      channelId: null,
      threadId: null,
      locale: null,
    },
  };
}

/**
 * Refusals mean something else where nothing is posted: a 403 without a name is the app that is not installed for the
 * person, a request that is not understood a person that Teams does not know.
 */
function meant(outcome: SendOutcome, result: HttpResult): SendOutcome {
  if (outcome.result !== 'rejected' || result.kind === 'failed') return outcome;
  if (result.status === 403 && outcome.code === 'unauthorized') {
    return { ...outcome, code: 'not_in_conversation' };
  }
  return outcome.code === 'payload_rejected' ? { ...outcome, code: 'not_found' } : outcome;
}

function rejected(outcome: SendOutcome): Opening {
  const known = repeatable(outcome);
  if (known.result !== 'rejected') return { result: 'rejected', code: 'unknown', retryable: false };
  const { code, retryable, retryAfterMs: wait } = known;
  const opening = { result: 'rejected', code, retryable } as const;
  return wait === undefined ? opening : { ...opening, retryAfterMs: wait };
}
