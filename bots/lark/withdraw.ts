/** Takes a message of ours back: recalled as long as the organization allows it, replaced after that. */
import type { NotifierRuntime } from '../../src/kernel/notification.ts';
import type { SendOutcome } from '../../src/kernel/platform.ts';
import type { HttpResult } from '../shared/http-call.ts';
import { chatOf } from './deliver.ts';
import { outcomeOf } from './errors.ts';
import { readAnswer } from './open-api.ts';
import { renderCard } from './render.ts';
import { Budget, callWithToken, messageIdPattern, type Session } from './session.ts';

/** Recalled or deleted before. */
const gone: ReadonlySet<number> = new Set([230011, 230110]);
/** The time for it is over (a day, unless the organization set another); not allowed; not with this kind of message. */
const notRecallable: ReadonlySet<number> = new Set([230009, 230026, 230027, 230054]);

/**
 * Recalls the message, and where that cannot be done any more puts the replacement in its place, which is possible for
 * 14 days. Repeating either does no harm.
 * Sources: https://open.feishu.cn/document/server-docs/im-v1/message/delete; …/message-card/patch
 */
export async function withdraw(
  session: Session,
  sent: Parameters<NotifierRuntime['withdraw']>[0],
): Promise<SendOutcome> {
  const { messageId } = sent;
  if (!messageIdPattern.test(messageId)) return { result: 'rejected', code: 'not_found', retryable: false };
  const budget = new Budget(sent.timeoutMs);
  const url = `${session.apiUrl}/open-apis/im/v1/messages/${messageId}`;
  const recalled = await callWithToken(session, { method: 'DELETE', url }, budget);
  if ('result' in recalled) return recalled;
  const code = refusalCode(recalled);
  if (code !== null && gone.has(code)) return { result: 'sent', messageId };
  if (code === null || !notRecallable.has(code)) return outcomeOf(recalled, messageId, session.clock.now());
  const content = JSON.stringify(renderCard(sent.replacement, { chat: chatOf(sent) }));
  const replaced = await callWithToken(session, { method: 'PATCH', url, body: { content } }, budget);
  if ('result' in replaced) return replaced;
  const refusal = refusalCode(replaced);
  if (refusal !== null && gone.has(refusal)) return { result: 'sent', messageId };
  return outcomeOf(replaced, messageId, session.clock.now());
}

/** The code of an answer that says that nothing was done; null for any other. */
function refusalCode(result: HttpResult): number | null {
  if (result.kind === 'failed' || result.status >= 500) return null;
  return readAnswer(result)?.code ?? null;
}
