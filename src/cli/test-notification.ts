/** The test message to one person: the way that it takes, explained, and what becomes of it. */
import type { JsonObject } from '../kernel/canonical-json.ts';
import { type ApiClient, tenantPath } from './client.ts';
import { type Output, show } from './output.ts';
import { pause } from './progress.ts';

interface TestOptions {
  tenant: string;
  userId: string;
  /** Prints a line as soon as it is known. */
  say: (line: string) => void;
}

const marks: Record<string, string> = { pass: 'ok  ', warn: 'warn', fail: 'FAIL', skipped: '-   ' };
/** A delivery that still waits after so long is left to itself. */
const maxWaitMs = 60_000;
const everyMs = 500;

/** Sends it, and follows every delivery and its fallbacks to their end. The exit code is 0 when one of them arrived. */
export async function testNotification(
  api: ApiClient,
  { tenant, userId, say }: TestOptions,
): Promise<Output> {
  const path = tenantPath(tenant, 'users', userId, 'test-notification');
  const explained = await api.object('POST', path, { body: {} });
  for (const step of objects(explained.steps)) for (const line of stepLines(step)) say(line);
  const ids = objects(explained.deliveries).map(({ delivery_id }) => show(delivery_id));
  const followed: JsonObject[] = [];
  const deadline = Date.now() + maxWaitMs;
  for (let id = ids.shift(); id !== undefined; id = ids.shift()) {
    const delivery = await followDelivery(api, tenantPath(tenant, 'deliveries', id), deadline);
    followed.push(delivery);
    for (const line of endLines(delivery)) say(line);
    ids.push(...objects(delivery.fallbacks).map(({ delivery_id }) => show(delivery_id)));
  }
  const arrived = followed.some(({ status }) => status === 'sent' || status === 'delivered');
  const text = arrived ? 'The test message was sent.' : 'The test message was not sent.';
  return { json: { ...explained, followed }, text, exitCode: arrived ? 0 : 1 };
}

async function followDelivery(api: ApiClient, path: string, deadline: number): Promise<JsonObject> {
  for (;;) {
    const delivery = await api.object('GET', path);
    if (delivery.status !== 'queued' || Date.now() >= deadline) return delivery;
    await pause(everyMs);
  }
}

/** `ok    links      Linked on teams …` with the remedy beneath. */
function stepLines(step: JsonObject): string[] {
  const lines = [
    `${marks[show(step.status)] ?? show(step.status)}  ${show(step.step).padEnd(12)}  ${show(step.detail)}`,
  ];
  if (typeof step.remedy === 'string') lines.push(`${' '.repeat(20)}${show(step.remedy)}`);
  return lines;
}

function endLines(delivery: JsonObject): string[] {
  const { type, id } = (delivery.destination ?? {}) as JsonObject;
  const cause = delivery.reason ?? delivery.error_code;
  const ended = cause === null || cause === undefined ? '' : ` (${show(cause)})`;
  const where = delivery.destination === null ? 'nowhere' : `${show(type)} ${show(id)}`;
  const lines = [`Delivery ${show(delivery.delivery_id)} to ${where}: ${show(delivery.status)}${ended}`];
  if (typeof delivery.error_message === 'string') lines.push(`  ${show(delivery.error_message)}`);
  if (typeof delivery.remedy === 'string') lines.push(`  ${show(delivery.remedy)}`);
  return lines;
}

function objects(value: JsonObject[string]): JsonObject[] {
  return Array.isArray(value) ? (value as JsonObject[]) : [];
}
