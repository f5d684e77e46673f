/** The ticket that Lark pushes every hour to apps of its store, which take their tokens with it. */
import { z } from 'zod';
import type { JsonObject } from '../../src/kernel/canonical-json.ts';
import type { CredentialsUpdate, PlatformEnvironment, Verification } from '../../src/kernel/platform.ts';
import { readCredentials } from './credentials.ts';
import { type Envelope, text } from './envelope.ts';

const ticketSchema = z.object({ app_ticket: text(2000) });

/**
 * Stores the ticket with every live registration of the app that the proof holds for. The event names no organization:
 * the ticket is the app's. All are tried before the first failure is thrown, so that Lark repeats the event.
 * @param provenFor as in `Verification`
 * Source: https://open.feishu.cn/document/server-docs/application-v6/event/app_ticket-events
 */
export async function storeAppTicket(
  envelope: Envelope,
  appId: string,
  provenFor: ReadonlySet<string> | null,
  { apps, clock }: PlatformEnvironment,
): Promise<Verification> {
  const { app_ticket: ticket } = ticketSchema.parse(envelope.event);
  if (ticket === undefined) return { ok: false, reason: 'malformed_app_ticket' };
  const sentAt = envelope.sentAt ?? clock.now();
  const registrations = await apps.registrationsOfApp('lark', appId);
  const stored = await Promise.allSettled(
    registrations
      .filter(({ tenantId }) => provenFor === null || provenFor.has(tenantId))
      .map((one) => one.updateCredentials(async (current) => withTicket(current, ticket, sentAt))),
  );
  for (const result of stored) if (result.status === 'rejected') throw result.reason;
  return { ok: true, handshake: { status: 200, body: {} } };
}

/** Repeats come late and out of order: an older ticket never takes the place of a newer one. */
function withTicket(current: JsonObject, ticket: string, sentAt: Date): CredentialsUpdate | null {
  const stored = readCredentials(current);
  if (stored.app_ticket === ticket) return null;
  const storedAt = stored.app_ticket_at;
  if (storedAt !== undefined && Date.parse(storedAt) > sentAt.getTime()) return null;
  const credentials = { ...current, app_ticket: ticket, app_ticket_at: sentAt.toISOString() };
  return { credentials, renewAt: null };
}
