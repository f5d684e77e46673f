/** Answers of the Open API: the envelope of a success, and refusals by their codes. */
import type { JsonObject } from '../../../src/kernel/canonical-json.ts';
import type { Answer } from '../../shared/simulator/server.ts';
import type { Refusal } from './faults.ts';

export function success(data: JsonObject): Answer {
  return { status: 200, body: { code: 0, msg: 'success', data } };
}

/**
 * Refusals that the simulator makes by itself. The status is 400 where the documentation says so, which is everywhere
 * but at the token routes.
 * @see https://open.feishu.cn/document/uAjLw4CM/ukTMukTMukTM/reference/im-v1/message/create
 * @see https://open.feishu.cn/document/server-docs/api-call-guide/generic-error-code
 */
export const refusals = {
  throttled: [99991400, 'request trigger frequency limit'],
  missingToken: [
    99991661,
    'Missing access token for authorization. Please make a request with token attached.',
  ],
  invalidToken: [99991663, 'Invalid access token for authorization. Please make a test with correct token.'],
  missingScope: [99991672, 'Access denied. One of the following scopes is required'],
  parameter: [230001, 'Your request contains an invalid request parameter'],
  notInChat: [230002, 'Bot/User can NOT be out of the chat.'],
  tooLate: [230009, 'Message can only be recalled within one days.'],
  recalled: [230011, 'The message was withdrawn.'],
  tooFrequent: [230020, 'This operation triggers the frequency limit.'],
  tooLong: [230025, 'The length of the message content reaches its limit.'],
  notRecallable: [230026, 'No permission to recall this message.'],
  notPermitted: [230027, 'Lack of necessary permissions.'],
  notSender: [230027, 'Lack of necessary permissions: the message was sent by somebody else.'],
  tooOld: [230031, 'The message to be edited has been sent for over 14 days.'],
  badCard: [230099, 'Failed to create card content'],
  unknownChat: [232006, 'Your request specifies a chat_id which is invalid.'],
  outOfChat: [232011, 'Operator can NOT be out of the chat.'],
  unknownUser: [41012, 'user id invalid error'],
  // The documentation names no code for a spent or early token; this is the one seen for refusals of that route.
  updateToken: [300090, 'the token is invalid, expired, used up, or its callback was not answered yet'],
} as const satisfies Record<string, readonly [number, string]>;

/** @param detail what follows `ext=` in the message */
export function refuse(what: keyof typeof refusals, detail?: string): Answer {
  const [code, msg] = refusals[what];
  return { status: 400, body: { code, msg: detail === undefined ? msg : `${msg}, ext=${detail}` } };
}

/** The answer of a fault that is a refusal. */
export function faultAnswer(fault: Refusal): Answer {
  if (fault.kind === 'refuse') {
    const { code, status = 400, message = 'refused by the simulator', resetSeconds } = fault;
    const answer = { status, body: { code, msg: message } };
    return resetSeconds === undefined ? answer : { ...answer, headers: resetHeaders(resetSeconds) };
  }
  const answer = { ...refuse('throttled'), status: fault.status ?? 400 };
  if (fault.resetSeconds === undefined) return answer;
  return { ...answer, headers: resetHeaders(fault.resetSeconds) };
}

/** How long the platform asks to wait. */
export function resetHeaders(seconds: number): Record<string, string> {
  return { 'x-ogw-ratelimit-limit': '50', 'x-ogw-ratelimit-reset': String(seconds) };
}
