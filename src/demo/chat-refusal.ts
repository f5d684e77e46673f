/** Why the bot's endpoint did not take what a person did, in a sentence. */

import type { ChatGesture } from './remote-chat.ts';

/**
 * @param gesture what came of it; undefined: nothing in time. Its status is HTTP's, or 0 without an answer
 * @returns null when the bot took it
 */
export function refusalOf(
  gesture: (Pick<ChatGesture, 'status'> & Partial<ChatGesture>) | undefined,
  platformName: string,
): string | null {
  if (gesture === undefined) return 'The server did not answer in time.';
  const { status, form } = gesture;
  // A form that its client keeps back was not sent at all.
  if ((status >= 200 && status < 300) || (status === 0 && form)) return null;
  switch (status) {
    case 0:
      return 'The server does not answer: is it still running?';
    case 401:
      return 'The server does not take this as authentic: chat needs demo mode (DESKBRIDGE_DEMO=1) and a server on this machine.';
    case 403:
      return `The demo tenant is suspended, or its registration for ${platformName} is retired.`;
    case 501:
      return 'The bot has no answer to that (501).';
    case 503:
      return 'The server could not handle it just now, and nothing was done: try again.';
    default:
      return `The server refused it (${status}).`;
  }
}
