/** A notification as an entry of the activity feed. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chainIdOf, feedNotification } from '../../../../bots/teams/feed.ts';
import type { JsonObject } from '../../../../src/kernel/canonical-json.ts';
import type { Message } from '../../../../src/kernel/message.ts';
import { testRegistration } from '../../../support/registration.ts';

const registration = testRegistration({ platform: 'teams', appId: 'app', organization: 'acme' });

function entry(message: Message, reduced = false): JsonObject {
  return feedNotification({
    registration,
    destination: { type: 'teams_feed', id: 'ann' },
    reference: null,
    message,
    token: 'delivery-1',
    reduced,
    timeoutMs: 1000,
  });
}

describe('the chain', () => {
  it('is the same for the same delivery, and a number that JSON keeps', () => {
    expect(chainIdOf('delivery-1')).toBe(chainIdOf('delivery-1'));
    expect(chainIdOf('delivery-1')).not.toBe(chainIdOf('delivery-2'));
    fc.assert(fc.property(fc.string(), (token) => Number.isSafeInteger(chainIdOf(token))));
  });
});

describe('an entry', () => {
  it('has title, preview, and a link to the chat with the bot', () => {
    expect(entry({ title: 'Ticket #1001', text: 'Printer\nis broken' })).toEqual({
      topic: {
        source: 'text',
        value: 'Ticket #1001',
        webUrl: 'https://teams.microsoft.com/l/entity/app/conversations?tenantId=acme',
      },
      activityType: 'deskbridgeNotification',
      chainId: chainIdOf('delivery-1'),
      previewText: { content: 'Printer is broken' },
      templateParameters: [{ name: 'title', value: 'Ticket #1001' }],
    });
  });

  it('is never empty and never too long', () => {
    fc.assert(
      fc.property(
        fc.string({ maxLength: 500 }),
        fc.string({ maxLength: 500 }),
        fc.boolean(),
        (title, text, reduced) => {
          const { topic, previewText } = entry({ title, text }, reduced) as {
            topic: { value: string };
            previewText: { content: string };
          };
          for (const shown of [topic.value, previewText.content]) {
            expect(shown.length).toBeGreaterThan(0);
            expect(shown.length).toBeLessThanOrEqual(150);
          }
        },
      ),
    );
  });
});
