/** Signs requests as Slack does; https://docs.slack.dev/authentication/verifying-requests-from-slack */
import { createHmac } from 'node:crypto';

/**
 * The value of X-Slack-Signature.
 * @param body the raw body as it is sent
 * @param timestamp seconds since 1970, as in X-Slack-Request-Timestamp
 */
export function sign(body: string | Buffer, secret: string, timestamp: number | string): string {
  const digest = createHmac('sha256', secret).update(`v0:${timestamp}:`).update(body).digest('hex');
  return `v0=${digest}`;
}
