/** What people send for a registration, what is kept beside it, and its addresses. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  appIdSchema,
  credentialsSchema,
  organizationSchema,
  readCredentials,
  registrationSchema,
} from '../../../../bots/lark/credentials.ts';
import { larkLimits } from '../../../../bots/lark/limits.ts';
import { receiveIdType, toDirectReference, toReference } from '../../../../bots/lark/reference.ts';
import type { JsonObject } from '../../../../src/kernel/canonical-json.ts';

const sent = { app_secret: 'secret', encrypt_key: 'key', verification_token: 'token' };

describe('credentials', () => {
  it('are trimmed, since they are pasted', () => {
    expect(credentialsSchema.parse({ ...sent, encrypt_key: ' key\n' })).toEqual(sent);
  });

  it.each<[string, JsonObject]>([
    ['without an encrypt key', { app_secret: 's', verification_token: 't' }],
    ['without a verification token', { app_secret: 's', encrypt_key: 'k' }],
    ['without the app secret', { encrypt_key: 'k', verification_token: 't' }],
    ['with an empty key', { ...sent, encrypt_key: '' }],
    ['with a blank token', { ...sent, verification_token: '  ' }],
    ['with a key that is no text', { ...sent, encrypt_key: 7 }],
    ['with what only we keep', { ...sent, app_ticket: 't' }],
    ['with something else', { ...sent, secret: 't' }],
  ])('%s are refused', (_, credentials) => {
    expect(credentialsSchema.safeParse(credentials).success).toBe(false);
  });

  it('that are kept are read member by member', () => {
    const expires = '2026-11-21T10:00:00.000Z';
    const kept = { ...sent, app_ticket: 'x', tenant_access_token_expires_at: expires };
    expect(readCredentials(kept)).toEqual(kept);
    const malformed = { app_ticket: '', app_ticket_at: 'yesterday', app_access_token: 7, other: 'x' };
    expect(readCredentials({ ...sent, ...malformed })).toEqual(sent);
  });

  it('never throw', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        expect(typeof readCredentials(value as JsonObject)).toBe('object');
      }),
    );
  });
});

describe('options and ids', () => {
  it('have defaults', () => {
    expect(registrationSchema.parse({})).toEqual({ app_type: 'custom', domain: 'feishu' });
    expect(registrationSchema.safeParse({ domain: 'lark', app_type: 'isv' }).success).toBe(true);
    expect(registrationSchema.safeParse({ domain: 'example' }).success).toBe(false);
    expect(registrationSchema.safeParse({ cloud: 'public' }).success).toBe(false);
  });

  it('are taken as events carry them', () => {
    expect(appIdSchema.parse(' cli_9f5343c580712544 ')).toBe('cli_9f5343c580712544');
    expect(organizationSchema.parse(' 2ca1d211f64f6438\n')).toBe('2ca1d211f64f6438');
    for (const id of ['', 'cli_', 'A123', 'cli_a b', 'xcli_a']) {
      expect(appIdSchema.safeParse(id).success).toBe(false);
    }
    for (const key of ['', ' ', 'a b', 'a/b']) expect(organizationSchema.safeParse(key).success).toBe(false);
  });
});

describe('references', () => {
  const person = { platformUserId: 'ou_1', name: null };
  const place = { chatId: 'oc_1', type: 'personal' as const, organization: 'o' };

  it('are whole or none', () => {
    expect(toReference(place, null)).toBeNull();
    expect(toReference({ ...place, chatId: undefined }, person)).toBeNull();
    expect(toReference({ ...place, type: null }, person)).toBeNull();
    expect(toReference({ ...place, type: 'group' }, null)).toMatchObject({ platformUserId: null });
    expect(toDirectReference(person, 'o')).toEqual({
      ...toReference(place, person),
      platformConversationId: 'ou_1',
    });
  });

  it.each([
    ['oc_1', 'chat_id'],
    ['ou_1', 'open_id'],
    ['on_1', 'union_id'],
    ['ann@acme.test', 'email'],
    ['x', null],
  ])('%s is sent to by %s', (id, type) => {
    expect(receiveIdType(id)).toBe(type);
  });
});

it('limits hold for sends within every window that is published', () => {
  const windows = (scope: string, conversations?: string) =>
    larkLimits
      .filter((one) => one.scope === scope && one.conversations === conversations)
      .filter((one) => one.operations.includes('send'))
      .flatMap((one) => one.windows);
  expect(windows('app_organization')).toEqual([
    { calls: 50, seconds: 1 },
    { calls: 1000, seconds: 60 },
  ]);
  expect(windows('bot_conversation', 'personal')).toEqual([{ calls: 5, seconds: 1 }]);
  expect(windows('conversation', 'group')).toEqual([{ calls: 5, seconds: 1 }]);
});
