/** What a registration may hold, and what is read back of what is stored. */
import { describe, expect, it } from 'vitest';
import {
  appIdSchema,
  credentialsSchema,
  organizationSchema,
  readCredentials,
  registrationSchema,
} from '../../../../bots/slack/credentials.ts';
import type { JsonObject } from '../../../../src/kernel/canonical-json.ts';

const whole = {
  signing_secret: 's',
  bot_token: 'xoxb-1',
  client_id: '1.2',
  client_secret: 'c',
  refresh_token: 'xoxe-1',
};

describe('credentials that people send', () => {
  it('need the signing secret alone, and are trimmed', () => {
    expect(credentialsSchema.parse({ signing_secret: ' s\n' })).toEqual({ signing_secret: 's' });
    expect(credentialsSchema.parse(whole)).toEqual(whole);
    expect(credentialsSchema.parse({ ...whole, bot_token: 'xoxe.xoxb-1' }).bot_token).toBe('xoxe.xoxb-1');
  });

  it.each<JsonObject>([
    {},
    { signing_secret: '' },
    { signing_secret: ' ' },
    { signing_secret: 7 },
    { ...whole, bot_token: 'xoxp-1' },
    { ...whole, bot_token: 'xapp-1' },
    { ...whole, client_id: '' },
    { ...whole, bot_user_id: 'U1' },
    { ...whole, bot_token_expires_at: '2025-11-20T09:14:03Z' },
  ])('are refused: %o', (credentials) => {
    expect(credentialsSchema.safeParse(credentials).success).toBe(false);
  });
});

describe('stored credentials', () => {
  it('keep what the installation brought', () => {
    const stored = { ...whole, bot_token_expires_at: '2025-11-20T09:14:03.000Z', bot_user_id: 'U1' };
    expect(readCredentials(stored)).toEqual(stored);
  });

  it('lack what is empty, of another type or not ours', () => {
    const broken = {
      signing_secret: '',
      bot_token: 7,
      bot_token_expires_at: 'soon',
      bot_user_id: null,
      x: 'y',
    };
    expect(readCredentials({ ...broken, client_id: '1.2' })).toEqual({ client_id: '1.2' });
    expect(readCredentials({})).toEqual({});
  });
});

describe('ids', () => {
  it.each(['A0DESK00001', ' A1\n'])('take the app %o', (id) => {
    expect(appIdSchema.parse(id)).toBe(id.trim());
  });
  it.each(['', 'A', '123.456', 'T0ACME00001', 'A 1', `A${'1'.repeat(61)}`])('refuse the app %o', (id) => {
    expect(appIdSchema.safeParse(id).success).toBe(false);
  });
  it.each(['T0ACME00001', ' E0GRID00001'])('take the organization %o', (id) => {
    expect(organizationSchema.parse(id)).toBe(id.trim());
  });
  it.each(['', 'acme', 'A0DESK00001', 'T/1'])('refuse the organization %o', (id) => {
    expect(organizationSchema.safeParse(id).success).toBe(false);
  });
});

it('has no options', () => {
  expect(registrationSchema.parse({})).toEqual({});
  expect(registrationSchema.safeParse({ app_type: 'custom' }).success).toBe(false);
});
