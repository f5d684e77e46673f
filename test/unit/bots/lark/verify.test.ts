/** The check of Lark's requests: what is accepted and for whom, what is refused, and what becomes of app tickets. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { encrypt, signatureOf } from '../../../../bots/lark/crypto.ts';
import { createLarkReceiver } from '../../../../bots/lark/verify.ts';
import type { JsonObject } from '../../../../src/kernel/canonical-json.ts';
import { DeskbridgeError } from '../../../../src/kernel/errors.ts';
import type { PlatformRegistration, RawRequest, Verification } from '../../../../src/kernel/platform.ts';

const appId = 'cli_a4b7c1d2e3f40512';
const now = new Date('2026-11-21T12:00:00.000Z');
const nowSeconds = now.getTime() / 1000;
const hour = 3600;
const keys = { app_secret: 's', encrypt_key: 'encrypt-key-1', verification_token: 'verification-token-1' };
const silent = { debug() {}, info() {}, warn() {}, error() {} };
const folder = new URL('../../../fixtures/lark/', import.meta.url);

interface Stored extends PlatformRegistration {
  stored: JsonObject;
}

let registrations: Stored[];

function register(
  id: string,
  fields: Partial<PlatformRegistration> = {},
  credentials: JsonObject = keys,
): Stored {
  const registration: Stored = {
    registrationId: id,
    tenantId: `tenant of ${id}`,
    platform: 'lark',
    appId,
    organization: `organization of ${id}`,
    options: { app_type: 'custom', domain: 'feishu' },
    demo: false,
    status: 'active',
    vouched: true,
    ...fields,
    stored: credentials,
    credentials: fields.credentials ?? (async () => registration.stored),
    updateCredentials:
      fields.updateCredentials ??
      (async (change) => {
        registration.stored = (await change(registration.stored))?.credentials ?? registration.stored;
        return registration.stored;
      }),
  };
  registrations.push(registration);
  return registration;
}

beforeEach(() => {
  registrations = [];
});

const receiver = createLarkReceiver({
  apps: {
    registrationsOfApp: async (platform, id) =>
      registrations.filter((one) => one.platform === platform && one.appId === id && one.status === 'active'),
    registration: async (platform, id) =>
      registrations.find((one) => one.platform === platform && one.registrationId === id) ?? null,
  },
  clock: { now: () => now },
  log: silent,
  settings: {},
});

function fixture(name: string): JsonObject {
  return JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8')).payload;
}

interface SealOptions {
  encryptKey?: string;
  signKey?: string;
  timestamp?: string;
  nonce?: string;
  /** No signature at all. */
  unsigned?: boolean;
  /** The body as it stands. */
  body?: string;
  to?: string | null;
}

/** The request in which Lark sends the payload. */
function seal(payload: JsonObject, options: SealOptions = {}): RawRequest {
  const encryptKey = options.encryptKey ?? keys.encrypt_key;
  const text = options.body ?? JSON.stringify({ encrypt: encrypt(JSON.stringify(payload), encryptKey) });
  const body = Buffer.from(text);
  const timestamp = options.timestamp ?? String(nowSeconds);
  const nonce = options.nonce ?? '950646929';
  const signature = signatureOf(timestamp, nonce, options.signKey ?? encryptKey, body);
  return {
    path: '/lark/events/r',
    registrationId: options.to === undefined ? 'r' : options.to,
    headers: options.unsigned
      ? {}
      : {
          'x-lark-request-timestamp': timestamp,
          'x-lark-request-nonce': nonce,
          'x-lark-signature': signature,
        },
    body,
    remoteAddress: '203.0.113.9',
  };
}

async function outcomeOf(request: RawRequest): Promise<string> {
  const verification = await receiver.verify(request);
  if (!verification.ok) return verification.reason;
  return 'handshake' in verification ? 'handshake' : 'accepted';
}

function provenFor(verification: Verification): unknown {
  return verification.ok && 'payload' in verification ? verification.provenFor : 'refused';
}

const message = fixture('message-p2p');
const challenge = fixture('handshakes/url-verification');

describe('an authentic request', () => {
  it.each(['message-p2p', 'message-v1', 'card-button', 'app-uninstalled'])(
    'is handed over: %s',
    async (name) => {
      register('r');
      const payload = fixture(name);
      expect(await receiver.verify(seal(payload))).toEqual({ ok: true, appId, payload, provenFor: null });
    },
  );

  it('is signed over its bytes, however they are written', async () => {
    register('r');
    const encrypted = encrypt(JSON.stringify(message), keys.encrypt_key).replaceAll('/', '\\/');
    expect(await outcomeOf(seal(message, { body: `\n{ "encrypt" : "${encrypted}" }` }))).toBe('accepted');
  });

  it.each([-8 * hour, -hour, 0, 300])('may be stamped %i seconds from now', async (seconds) => {
    register('r');
    expect(await outcomeOf(seal(message, { timestamp: String(nowSeconds + seconds) }))).toBe('accepted');
  });
});

describe('the proof holds', () => {
  it('for all customers of the app when an operator entered the secrets', async () => {
    register('r', { vouched: false });
    register('other', { vouched: true });
    expect(provenFor(await receiver.verify(seal(message)))).toBeNull();
  });

  it('for the tenants whose administrators entered them otherwise', async () => {
    register('r', { vouched: false });
    register('same', { vouched: false });
    register('else', { vouched: true }, { ...keys, encrypt_key: 'encrypt-key-2' });
    register('token', { vouched: true }, { ...keys, verification_token: 'verification-token-2' });
    const proven = provenFor(await receiver.verify(seal(message)));
    expect(proven).toEqual(new Set(['tenant of r', 'tenant of same']));
  });

  it('by any registration of the app, not only by the one of the URL', async () => {
    register('r', {}, { ...keys, encrypt_key: 'encrypt-key-2', verification_token: 'verification-token-2' });
    register('other', { vouched: false });
    expect(provenFor(await receiver.verify(seal(message)))).toEqual(new Set(['tenant of other']));
  });

  it('where the secrets of another registration cannot be opened', async () => {
    const credentials = () => Promise.reject(new DeskbridgeError('registration_misconfigured'));
    register('broken', { credentials });
    register('r', { vouched: false });
    expect(provenFor(await receiver.verify(seal(message)))).toEqual(new Set(['tenant of r']));
  });

  it('but not by a registration of another app', async () => {
    register('r', {}, { ...keys, encrypt_key: 'encrypt-key-2' });
    register('foreign', { appId: 'cli_foreign' });
    expect(await outcomeOf(seal(message))).toBe('bad_signature');
  });
});

describe('a request is refused', () => {
  const header = message.header as JsonObject;

  it.each<[string, JsonObject, SealOptions, string]>([
    ['to no registration', message, { to: null }, 'unknown_registration'],
    ['to an unknown registration', message, { to: 'x' }, 'unknown_registration'],
    ['without a signature', message, { unsigned: true }, 'no_signature'],
    ['signed with another key', message, { signKey: 'x' }, 'bad_signature'],
    ['signed with no key', message, { signKey: '' }, 'bad_signature'],
    ['that is too old', message, { timestamp: String(nowSeconds - 8 * hour - 1) }, 'expired'],
    ['of the future', message, { timestamp: String(nowSeconds + 301) }, 'not_yet_valid'],
    ['stamped in milliseconds', message, { timestamp: String(now.getTime()) }, 'malformed_timestamp'],
    ['with a fraction in the stamp', message, { timestamp: `${nowSeconds}.5` }, 'malformed_timestamp'],
    ['with another notation', message, { timestamp: '17e8' }, 'malformed_timestamp'],
    ['without a stamp', message, { timestamp: '' }, 'malformed_timestamp'],
    ['in plain text', message, { body: JSON.stringify(message) }, 'not_encrypted'],
    ['with a number as content', message, { body: '{"encrypt":7}' }, 'not_encrypted'],
    ['that is no JSON', message, { body: '{' }, 'malformed_json'],
    ['that is a list', message, { body: '[]' }, 'malformed_json'],
    ['that is empty', message, { body: '' }, 'malformed_json'],
    ['with another key inside', message, { encryptKey: 'x', signKey: keys.encrypt_key }, 'undecryptable'],
    ['with garbage inside', message, { body: '{"encrypt":"AAAA"}' }, 'undecryptable'],
    ['with another token', { ...message, header: { ...header, token: 'x' } }, {}, 'wrong_token'],
    ['without a token', { ...message, header: { ...header, token: undefined } }, {}, 'wrong_token'],
    [
      'with the token elsewhere',
      { ...message, header: { ...header, token: undefined }, token: header.token },
      {},
      'wrong_token',
    ],
    ['of another app', { ...message, header: { ...header, app_id: 'cli_x' } }, {}, 'wrong_app'],
    ['of no app', { ...message, header: { ...header, app_id: undefined } }, {}, 'wrong_app'],
  ])('%s', async (_, payload, options, reason) => {
    register('r');
    expect(await outcomeOf(seal(payload, options))).toBe(reason);
  });

  it('when the card token stands where the verification token belongs', async () => {
    register('r');
    const press = fixture('card-button');
    const token = (press.event as JsonObject).token as string;
    expect(await outcomeOf(seal({ ...press, header: { ...(press.header as JsonObject), token } }))).toBe(
      'wrong_token',
    );
  });

  it('when the registration holds no encrypt key', async () => {
    register('r', {}, { ...keys, encrypt_key: '' });
    expect(await outcomeOf(seal(message, { encryptKey: '' }))).toBe('bad_signature');
    expect(await outcomeOf(seal(challenge, { encryptKey: '', unsigned: true }))).toBe('no_signature');
  });

  it('when only a pending registration knows the secrets', async () => {
    register('r', { status: 'pending' });
    expect(await outcomeOf(seal(message))).toBe('registration_pending');
    register('live', {}, { ...keys, encrypt_key: 'encrypt-key-2' });
    expect(await outcomeOf(seal(message))).toBe('registration_pending');
  });

  it('whatever part of it is changed', async () => {
    register('r');
    const names = ['x-lark-signature', 'x-lark-request-timestamp', 'x-lark-request-nonce'] as const;
    const change = fc.record({ at: fc.nat(), bits: fc.integer({ min: 1, max: 255 }) });
    await fc.assert(
      fc.asyncProperty(fc.constantFrom('body' as const, ...names), change, async (part, { at, bits }) => {
        const request = seal(message);
        const bytes = part === 'body' ? request.body : Buffer.from(String(request.headers[part]), 'latin1');
        const place = at % bytes.length;
        bytes.writeUInt8(bytes.readUInt8(place) ^ bits, place);
        if (part !== 'body') request.headers[part] = bytes.toString('latin1');
        expect(await outcomeOf(request)).toBe('bad_signature');
      }),
      { numRuns: 300 },
    );
  });

  it('when digits move between stamp and nonce, which the signature does not see', async () => {
    register('r');
    const request = seal(message);
    const digits = `${request.headers['x-lark-request-timestamp']}${request.headers['x-lark-request-nonce']}`;
    for (let length = 0; length <= digits.length; length += 1) {
      request.headers['x-lark-request-timestamp'] = digits.slice(0, length);
      request.headers['x-lark-request-nonce'] = digits.slice(length);
      const outcome = length === 10 ? /^accepted$/ : /^(?:malformed_timestamp|expired|not_yet_valid)$/;
      expect(await outcomeOf(request)).toMatch(outcome);
    }
  });
});

it('never rejects, whatever is sent', async () => {
  register('r');
  const header = fc.option(fc.oneof(fc.string(), fc.constant(String(nowSeconds))), { nil: undefined });
  const inside = fc.oneof(fc.json(), fc.string());
  const body = fc.oneof(
    fc.uint8Array().map((bytes) => Buffer.from(bytes)),
    fc.json().map((text) => Buffer.from(text)),
    inside.map((text) => Buffer.from(JSON.stringify({ encrypt: encrypt(text, keys.encrypt_key) }))),
    fc.base64String().map((encrypted) => Buffer.from(JSON.stringify({ encrypt: encrypted }))),
  );
  await fc.assert(
    fc.asyncProperty(
      body,
      header,
      header,
      header,
      fc.boolean(),
      async (bytes, stamp, nonce, signature, signed) => {
        const headers = {
          'x-lark-request-timestamp': stamp,
          'x-lark-request-nonce': nonce,
          'x-lark-signature': signed
            ? signatureOf(stamp ?? '', nonce ?? '', keys.encrypt_key, bytes)
            : signature,
        };
        const request = { ...seal(message), body: bytes, headers };
        expect(await outcomeOf(request)).toMatch(/^[a-z_]+$/);
        expect(await outcomeOf(request)).not.toBe('accepted');
      },
    ),
    { numRuns: 500 },
  );
});

it('passes on that the directory cannot be read, so that Lark repeats', async () => {
  register('r', { credentials: () => Promise.reject(new DeskbridgeError('unavailable')) });
  await expect(receiver.verify(seal(message))).rejects.toMatchObject({ code: 'unavailable' });
});

describe('the challenge', () => {
  const answer = { ok: true, handshake: { status: 200, body: { challenge: challenge.challenge } } };

  it.each([true, false])('is answered, unsigned: %o', async (unsigned) => {
    register('r');
    expect(await receiver.verify(seal(challenge, { unsigned }))).toEqual(answer);
  });

  it('is answered for a pending registration', async () => {
    register('r', { status: 'pending', vouched: false });
    expect(await receiver.verify(seal(challenge, { unsigned: true }))).toEqual(answer);
  });

  it('is answered for a pending registration beside a live one with other secrets', async () => {
    register('live', {}, { ...keys, encrypt_key: 'encrypt-key-2' });
    register('r', { status: 'pending' });
    expect(await receiver.verify(seal(challenge, { unsigned: true }))).toEqual(answer);
  });

  it.each<[string, JsonObject, SealOptions]>([
    ['another token', { ...challenge, token: 'x' }, {}],
    ['no token', { ...challenge, token: undefined }, {}],
    ['another key', challenge, { encryptKey: 'x' }],
    ['plain text', challenge, { body: JSON.stringify(challenge) }],
    ['another type', { ...challenge, type: 'event_callback' }, {}],
    ['an event around it', { ...message, type: 'url_verification', challenge: 'x' }, {}],
    ['too long a body', { ...challenge, padding: 'x'.repeat(10_000) }, {}],
  ])('is not answered with %s', async (_, payload, options) => {
    register('r');
    expect(await outcomeOf(seal(payload, { ...options, unsigned: true }))).toBe('no_signature');
  });

  it('is not answered with a wrong signature', async () => {
    register('r');
    expect(await outcomeOf(seal(challenge, { signKey: 'x' }))).toBe('bad_signature');
  });

  it.each([undefined, '', 7, 'x'.repeat(1_001)])('is not answered when it is %o', async (value) => {
    register('r');
    const request = seal({ ...challenge, challenge: value }, { unsigned: true });
    expect(await outcomeOf(request)).toBe('malformed_challenge');
  });
});

describe('an app ticket', () => {
  const ticket = fixture('handshakes/app-ticket');
  const at = '2025-11-21T09:34:03.717Z';
  const isv = { options: { app_type: 'isv', domain: 'feishu' } };

  function later(seconds: number, value: string): JsonObject {
    return {
      ...ticket,
      ts: String(1763717643 + seconds),
      event: { ...(ticket.event as JsonObject), app_ticket: value },
    };
  }

  it.each(['app-ticket', 'app-ticket-v2'])('is stored and answered: %s', async (name) => {
    const registration = register('r', isv);
    const payload = fixture(`handshakes/${name}`);
    const done = { ok: true, handshake: { status: 200, body: {} } };
    expect(await receiver.verify(seal(payload))).toEqual(done);
    const { app_ticket } = payload.event as JsonObject;
    expect(registration.stored).toMatchObject({ ...keys, app_ticket });
    expect(registration.stored.app_ticket_at).toMatch(/^2025-11-21T09:34:03\.\d{3}Z$/);
  });

  it('goes to every live registration of a proven app, tokens untouched', async () => {
    const one = register('r', isv, { ...keys, app_access_token: 'a' });
    const two = register('two', { ...isv, vouched: false }, { ...keys, encrypt_key: 'encrypt-key-2' });
    const foreign = register('foreign', { appId: 'cli_x' });
    const pending = register('pending', { status: 'pending' });
    await receiver.verify(seal(ticket));
    expect(one.stored).toEqual({ ...keys, app_access_token: 'a', app_ticket: 'ticket-1', app_ticket_at: at });
    expect(two.stored).toMatchObject({ app_ticket: 'ticket-1' });
    expect([foreign.stored, pending.stored]).toEqual([keys, keys]);
  });

  it('goes to nobody whose secrets it does not prove', async () => {
    const one = register('r', { ...isv, vouched: false });
    const two = register('two', { ...isv, vouched: false }, { ...keys, encrypt_key: 'encrypt-key-2' });
    await receiver.verify(seal(ticket));
    expect(one.stored.app_ticket).toBe('ticket-1');
    expect(two.stored.app_ticket).toBeUndefined();
  });

  it('gives way to a newer one alone', async () => {
    const registration = register('r', isv);
    await receiver.verify(seal(later(3600, 'newer')));
    await receiver.verify(seal(later(0, 'late repeat')));
    expect(registration.stored.app_ticket).toBe('newer');
    await receiver.verify(seal(later(7200, 'newest')));
    expect(registration.stored.app_ticket).toBe('newest');
  });

  it('that was stored already is not written again', async () => {
    let writes = 0;
    const registration = register('r', {
      ...isv,
      updateCredentials: async (change) => {
        const update = await change(registration.stored);
        if (update !== null) writes += 1;
        registration.stored = update?.credentials ?? registration.stored;
        return registration.stored;
      },
    });
    await receiver.verify(seal(ticket));
    await receiver.verify(seal(ticket));
    expect(writes).toBe(1);
  });

  it('that cannot be stored everywhere is stored where it can, and sent again', async () => {
    const updateCredentials = () => Promise.reject(new DeskbridgeError('unavailable'));
    register('broken', { ...isv, updateCredentials });
    const registration = register('r', isv);
    await expect(receiver.verify(seal(ticket))).rejects.toMatchObject({ code: 'unavailable' });
    expect(registration.stored.app_ticket).toBe('ticket-1');
  });

  it.each([undefined, '', 7, 'x'.repeat(2_001)])('that is %o is refused', async (value) => {
    register('r', isv);
    const event = { ...(ticket.event as JsonObject), app_ticket: value };
    expect(await outcomeOf(seal({ ...ticket, event }))).toBe('malformed_app_ticket');
  });

  it('that is not signed is refused', async () => {
    const registration = register('r', isv);
    expect(await outcomeOf(seal(ticket, { unsigned: true }))).toBe('no_signature');
    expect(registration.stored).toEqual(keys);
  });
});
