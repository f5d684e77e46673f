/** Posts a notification: one request that can post, and what came of it. */
import type { OutboundDelivery } from '../../src/kernel/notification.ts';
import type { SendOutcome } from '../../src/kernel/platform.ts';
import type { CardChat } from './card-elements.ts';
import { outcomeOf } from './errors.ts';
import { markOf } from './mark.ts';
import { receiveIdType } from './reference.ts';
import { renderCard } from './render.ts';
import { Budget, callWithToken, type Request, type Session } from './session.ts';

/** UTF-8 bytes of a card that was refused as it was. */
const reducedCardBytes = 8000;

/**
 * Posts with the token as uuid: of all requests with one uuid the platform accepts one within an hour. Its pages do not
 * say what a later one is answered; users report a success with the first message's id. Where it should be 230049 or
 * another code without a verdict, the outcome is unknown, never a refusal. Addressed alike on every attempt, since nobody
 * promises that the platform looks at the uuid alone.
 * Sources: https://open.feishu.cn/document/server-docs/im-v1/message/create (`uuid`);
 * https://github.com/eddiearc/larkin/pull/86 (the same id again)
 */
export async function deliver(session: Session, delivery: OutboundDelivery): Promise<SendOutcome> {
  const budget = new Budget(delivery.timeoutMs);
  const request = requestOf(delivery, session.apiUrl);
  if (request === null) return { result: 'rejected', code: 'not_found', retryable: false };
  const result = await callWithToken(session, request, budget);
  return 'result' in result ? result : outcomeOf(result, null, session.clock.now());
}

/** What a button's press has to tell, since the callback does not: whether two people see the card, or more. */
export function chatOf({
  destination,
  reference,
}: Pick<OutboundDelivery, 'destination' | 'reference'>): CardChat {
  return destination.type === 'lark_user' || reference?.type === 'personal' ? 'p2p' : 'group';
}

/** Null when the destination has no known form of address. */
function requestOf(delivery: OutboundDelivery, apiUrl: string): Request | null {
  const { destination, token: uuid } = delivery;
  const type = receiveIdType(destination.id);
  if (type === null) return null;
  const content = JSON.stringify(cardOf(delivery));
  return {
    method: 'POST',
    url: `${apiUrl}/open-apis/im/v1/messages`,
    query: { receive_id_type: type },
    body: { receive_id: destination.id, msg_type: 'interactive', content, uuid },
  };
}

/** A card in each case: a plain text could neither bear the mark nor be replaced later. */
function cardOf(delivery: OutboundDelivery) {
  const { message, token, reduced } = delivery;
  const options = { chat: chatOf(delivery), mark: markOf(token) };
  if (!reduced) return renderCard(message, options);
  const { title, text, tone } = message;
  const plain = { title, ...(text !== undefined && { text }), ...(tone !== undefined && { tone }) };
  return renderCard(plain, { ...options, maxBytes: reducedCardBytes });
}
