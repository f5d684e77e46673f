/** The check of Slack's signature: what is accepted, for whom it is proof, and that nothing else passes. */
import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSlackReceiver } from '../../../../bots/slack/verify.ts';
import type { JsonObject } from '../../../../src/kernel/canonical-json.ts';
import type { PlatformRegistration, RawRequest } from '../../../../src/kernel/platform.ts';
import {
  appId,
  contentType,
  environment,
  now,
  rawBody,
  registration,
  requestOf,
  sample,
  sampleNames,
  secret,
  signed,
} from './samples.ts';

const mention = sample('app-mention');
const seconds = now.getTime() / 1000;

function verify(request: RawRequest, registrations: readonly PlatformRegistration[] = [registration()]) {
  return createSlackReceiver(environment(registrations)).verify(request);
}

async function reasonOf(request: RawRequest, registrations?: readonly PlatformRegistration[]) {
  const verification = await verify(request, registrations);
  if (!verification.ok) return verification.reason;
  return 'handshake' in verification ? 'handshake' : 'accepted';
}

async function provenFor(request: RawRequest, registrations: readonly PlatformRegistration[]) {
  const verification = await verify(request, registrations);
  if (!verification.ok || 'handshake' in verification) throw new Error(JSON.stringify(verification));
  return verification.provenFor === null ? null : [...verification.provenFor].sort();
}

function withHeaders(request: RawRequest, headers: RawRequest['headers']): RawRequest {
  return { ...request, headers: { ...request.headers, ...headers } };
}

describe('an authentic request', () => {
  it("agrees with Slack's own worked example", async () => {
    // https://docs.slack.dev/authentication/verifying-requests-from-slack: secret, timestamp, body and signature.
    const body =
      'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c';
    const theirs = registration({ secret: '8f742231b10e8888abcd99yyyzzz85a5' });
    const request = withHeaders(signed(body, { registrationId: 'r1', type: contentType('command') }), {
      'x-slack-request-timestamp': '1531420618',
      'x-slack-signature': 'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503',
    });
    const then = { ...environment([theirs]), clock: { now: () => new Date(1531420618_000) } };
    // The signature passes; that old example names no app yet.
    expect(await createSlackReceiver(then).verify(request)).toEqual({ ok: false, reason: 'app_missing' });
  });

  it.each(['event', 'interaction', 'command'] as const)('hands over an %s', async (kind) => {
    const name = { event: 'app-mention', interaction: 'block-actions-message', command: 'slash-command' }[
      kind
    ];
    const recorded = sample(name);
    for (const registrationId of ['r1', null]) {
      const verification = await verify(requestOf(recorded, { registrationId }));
      expect(verification).toMatchObject({
        ok: true,
        appId,
        payload: { kind, body: recorded.body, requestKey: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) },
      });
    }
  });

  it('may be five minutes off in either direction, and no more', async () => {
    const at = (offset: number) => reasonOf(requestOf(mention, { timestamp: String(seconds + offset) }));
    expect(await at(-300)).toBe('accepted');
    expect(await at(300)).toBe('accepted');
    expect(await at(-301)).toBe('expired');
    expect(await at(301)).toBe('not_yet_valid');
  });

  it('may state a character set', async () => {
    const type = 'application/JSON; charset=utf-8';
    expect(await reasonOf(requestOf(mention, { type }))).toBe('accepted');
  });

  it('has the same request key when it is repeated, and another one a second later', async () => {
    const keyOf = async (timestamp: number) => {
      const verification = await verify(requestOf(mention, { timestamp: String(timestamp) }));
      return verification.ok && 'payload' in verification ? verification.payload.requestKey : null;
    };
    expect(await keyOf(seconds)).toBe(await keyOf(seconds));
    expect(await keyOf(seconds)).not.toBe(await keyOf(seconds + 1));
  });
});

describe('a request is refused', () => {
  it.each<[string, RawRequest['headers'], string]>([
    ['no signature', { 'x-slack-signature': undefined }, 'no_signature'],
    ['no timestamp', { 'x-slack-request-timestamp': undefined }, 'no_signature'],
    ['an empty signature', { 'x-slack-signature': '' }, 'malformed_signature'],
    ['another version', { 'x-slack-signature': `v1=${'0'.repeat(64)}` }, 'malformed_signature'],
    ['a short signature', { 'x-slack-signature': `v0=${'0'.repeat(63)}` }, 'malformed_signature'],
    ['two signatures', { 'x-slack-signature': [`v0=${'0'.repeat(64)}`] }, 'malformed_signature'],
    ['a wrong signature', { 'x-slack-signature': `v0=${'0'.repeat(64)}` }, 'bad_signature'],
    [
      'a timestamp in hex',
      { 'x-slack-request-timestamp': `0x${seconds.toString(16)}` },
      'malformed_timestamp',
    ],
    ['a fraction', { 'x-slack-request-timestamp': `${seconds}.0` }, 'malformed_timestamp'],
    ['a padded timestamp', { 'x-slack-request-timestamp': ` ${seconds}` }, 'malformed_timestamp'],
    ['a signed timestamp', { 'x-slack-request-timestamp': `+${seconds}` }, 'malformed_timestamp'],
    ['no number', { 'x-slack-request-timestamp': 'NaN' }, 'malformed_timestamp'],
  ])('with %s', async (_, headers, reason) => {
    for (const registrationId of ['r1', null]) {
      expect(await reasonOf(withHeaders(requestOf(mention, { registrationId }), headers))).toBe(reason);
    }
  });

  it.each<[string, string | Buffer, string, string]>([
    ['no content type', '{}', '', 'wrong_content_type'],
    ['another content type', '{}', 'text/plain', 'wrong_content_type'],
    ['bytes that are no UTF-8', Buffer.from([0x7b, 0xff, 0x7d]), 'application/json', 'malformed_text'],
    ['no JSON', '{', 'application/json', 'malformed_json'],
    ['a list', '[]', 'application/json', 'malformed_json'],
    ['nothing', '', 'application/json', 'malformed_json'],
    ['lists without end', '['.repeat(200_000), 'application/json', 'malformed_json'],
    ['too much', ' '.repeat(300_000), 'application/json', 'too_large'],
    ['a form of something else', 'a=b', 'application/x-www-form-urlencoded', 'malformed_form'],
    ['no JSON in the form', 'payload=%7B', 'application/x-www-form-urlencoded', 'malformed_json'],
    ['no app', '{"type":"event_callback"}', 'application/json', 'app_missing'],
    ['an app that is no text', '{"api_app_id":7}', 'application/json', 'app_missing'],
    ['an endless app', `{"api_app_id":"${'A'.repeat(100)}"}`, 'application/json', 'app_missing'],
  ])('with %s, though it is signed', async (_, body, type, reason) => {
    for (const registrationId of ['r1', null]) {
      expect(await reasonOf(signed(body, { type, registrationId }))).toBe(reason);
    }
  });

  it('when the body names another app than the path', async () => {
    const body = { ...mention.body, api_app_id: 'A0OTHER0001' };
    expect(await reasonOf(requestOf({ ...mention, body }))).toBe('wrong_app');
    expect(await reasonOf(requestOf({ ...mention, body }, { registrationId: null }))).toBe('unknown_app');
  });

  it('when its registration is unknown, or of another platform', async () => {
    expect(await reasonOf(requestOf(mention, { registrationId: 'r2' }))).toBe('unknown_registration');
    const lark = registration({ platform: 'lark' });
    expect(await reasonOf(requestOf(mention), [lark])).toBe('unknown_registration');
  });

  it.each<[string, Partial<PlatformRegistration> & { secret?: string }]>([
    ['is empty', { secret: '' }],
    ['is missing', { credentials: async () => ({}) }],
    ['is no text', { credentials: async () => ({ signing_secret: 7 }) }],
    ['does not open', { credentials: () => Promise.reject(new Error('sealed with another key')) }],
  ])('when its secret %s', async (_, fields) => {
    const request = requestOf(mention, { secret: fields.secret ?? secret });
    expect(await reasonOf(request, [registration(fields)])).toBe('no_secret');
  });

  it('and what the directory throws is passed on, so that Slack repeats', async () => {
    const down = environment([]);
    down.apps.registration = () => Promise.reject(new Error('no database'));
    await expect(createSlackReceiver(down).verify(requestOf(mention))).rejects.toThrow('no database');
  });
});

describe('whom the signature proves it for', () => {
  const mine = registration({ registrationId: 'r1', tenantId: 't1', vouched: false });
  const same = registration({ registrationId: 'r2', tenantId: 't2', vouched: false });
  const other = registration({ registrationId: 'r3', tenantId: 't3', vouched: false, secret: 'other' });
  const vouched = registration({ registrationId: 'r4', tenantId: 't4' });
  const vouchedOther = registration({ registrationId: 'r5', tenantId: 't5', secret: 'other' });

  it.each<[string, PlatformRegistration[], string, string[] | null]>([
    ['every tenant with that secret', [mine, same, other], secret, ['t1', 't2']],
    ['the tenant with the other secret', [mine, same, other], 'other', ['t3']],
    ['all, when an operator entered it', [mine, vouched], secret, null],
    ['not all, when an operator entered another', [mine, vouchedOther], secret, ['t1']],
  ])('%s', async (_, registrations, key, expected) => {
    for (const registrationId of ['r1', null]) {
      expect(await provenFor(requestOf(mention, { secret: key, registrationId }), registrations)).toEqual(
        expected,
      );
    }
  });

  it('is nobody while the registration is pending', async () => {
    const pending = registration({ status: 'pending', vouched: false });
    expect(await reasonOf(requestOf(mention), [pending])).toBe('registration_pending');
    expect(await reasonOf(requestOf(mention, { registrationId: null }), [pending])).toBe('unknown_app');
  });

  it('is the live ones alone, at the URL of a pending one too', async () => {
    const pending = registration({ status: 'pending', vouched: true });
    expect(await provenFor(requestOf(mention), [pending, same])).toEqual(['t2']);
    const foreign = registration({ registrationId: 'r2', secret: 'other' });
    expect(await reasonOf(requestOf(mention), [pending, foreign])).toBe('registration_pending');
  });

  it('is found with a single look at the secrets where an operator entered one that fits', async () => {
    let opened = 0;
    const many = Array.from({ length: 50 }, (_, n) => {
      const made = registration({ registrationId: `r${n}`, tenantId: `t${n}`, vouched: n === 49 });
      const credentials = () => {
        opened += 1;
        return made.credentials();
      };
      return { ...made, credentials };
    });
    expect(await provenFor(requestOf(mention), many)).toBeNull();
    expect(opened).toBe(1);
    expect(await provenFor(requestOf(mention), many.slice(0, 49))).toHaveLength(49);
  });
});

describe('the handshake', () => {
  const challenge = sample('url-verification');

  it.each(['active', 'pending'] as const)('is answered to an %s registration', async (status) => {
    expect(await verify(requestOf(challenge), [registration({ status })])).toEqual({
      ok: true,
      handshake: { status: 200, body: { challenge: 'made-up-challenge-0001' } },
    });
  });

  it('needs the signature', async () => {
    expect(await reasonOf(requestOf(challenge, { secret: 'other' }))).toBe('bad_signature');
  });

  it('needs the registration in the path', async () => {
    const body = { ...challenge.body, api_app_id: appId };
    expect(await reasonOf(requestOf(challenge, { registrationId: null }))).toBe('app_missing');
    expect(await reasonOf(requestOf({ ...challenge, body }, { registrationId: null }))).toBe('app_missing');
  });

  it.each<JsonObject>([
    { challenge: undefined },
    { challenge: '' },
    { challenge: 7 },
    { challenge: 'x'.repeat(1001) },
  ])('is refused with %o', async (fields) => {
    const body = { ...challenge.body, ...fields };
    expect(await reasonOf(requestOf({ ...challenge, body }))).toBe('malformed_challenge');
  });

  it('cannot be had by a button that calls itself one', async () => {
    const body = { ...sample('block-actions-message').body, type: 'url_verification', challenge: 'x' };
    expect(await reasonOf(requestOf({ kind: 'interaction', body }))).toBe('accepted');
  });
});

describe('the check of the certificate', () => {
  const type = contentType('command');

  it('is answered with nothing, and drops whatever else the body says', async () => {
    const command = rawBody(sample('slash-command'));
    for (const body of ['ssl_check=1&token=x', `ssl_check=1&${command}`, `${command}&ssl_check=1`]) {
      const request = { ...signed(body, { type }), headers: { 'content-type': type } };
      expect(await verify(request)).toEqual({ ok: true, handshake: { status: 200 } });
    }
  });

  it.each(['ssl_check=0', 'ssl_check=11', 'xssl_check=1', 'text=ssl_check%3D1'])(
    'is not %s',
    async (body) => {
      const request = { ...signed(body, { type }), headers: { 'content-type': type } };
      expect(await reasonOf(request)).toBe('no_signature');
    },
  );
});

describe('shortcuts, which name no app', () => {
  it.each(['shortcut-global', 'message-action'])('%s needs the registration in the path', async (name) => {
    expect(await reasonOf(requestOf(sample(name)))).toBe('accepted');
    expect(await reasonOf(requestOf(sample(name), { registrationId: null }))).toBe('app_missing');
  });

  it('are the only ones', async () => {
    const { api_app_id: _, ...body } = sample('block-actions-message').body;
    expect(await reasonOf(requestOf({ kind: 'interaction', body }))).toBe('app_missing');
    const event = { kind: 'event', body: { type: 'shortcut' } } as const;
    expect(await reasonOf(requestOf(event))).toBe('app_missing');
  });
});

describe('any mutation is refused', () => {
  const names = fc.constantFrom(...sampleNames);
  const ids = fc.constantFrom('r1', null);

  it('of the body', async () => {
    const change = fc.tuple(names, ids, fc.nat(), fc.integer({ min: 1, max: 255 }));
    await fc.assert(
      fc.asyncProperty(change, async ([name, registrationId, at, xor]) => {
        const request = requestOf(sample(name), { registrationId });
        const body = Buffer.from(request.body);
        const place = at % body.length;
        body[place] = (body[place] ?? 0) ^ xor;
        expect(await reasonOf({ ...request, body })).not.toMatch(/accepted|handshake/);
      }),
      { numRuns: 500 },
    );
  });

  it('of the length of the body', async () => {
    await fc.assert(
      fc.asyncProperty(
        names,
        ids,
        fc.uint8Array({ minLength: 1, maxLength: 9 }),
        async (name, registrationId, tail) => {
          const request = requestOf(sample(name), { registrationId });
          const longer = Buffer.concat([request.body, tail]);
          expect(await reasonOf({ ...request, body: longer })).not.toMatch(/accepted|handshake/);
          const shorter = request.body.subarray(0, -tail.length);
          expect(await reasonOf({ ...request, body: shorter })).not.toMatch(/accepted|handshake/);
        },
      ),
    );
  });

  it('of the timestamp', async () => {
    const other = fc.oneof(fc.integer({ min: seconds - 299, max: seconds + 299 }).map(String), fc.string());
    await fc.assert(
      fc.asyncProperty(names, other, async (name, timestamp) => {
        fc.pre(timestamp !== String(seconds));
        const request = withHeaders(requestOf(sample(name)), { 'x-slack-request-timestamp': timestamp });
        expect(await reasonOf(request)).toMatch(
          /^(bad_signature|malformed_timestamp|expired|not_yet_valid)$/,
        );
      }),
    );
  });

  it('of the signature', async () => {
    const digit = fc.constantFrom(...'0123456789abcdefABCDEF');
    await fc.assert(
      fc.asyncProperty(names, fc.integer({ min: 0, max: 66 }), digit, async (name, at, put) => {
        const request = requestOf(sample(name));
        const signature = String(request.headers['x-slack-signature']);
        fc.pre(signature[at] !== put);
        const changed = signature.slice(0, at) + put + signature.slice(at + 1);
        const forged = withHeaders(request, { 'x-slack-signature': changed });
        expect(await reasonOf(forged)).toMatch(/^(bad|malformed)_signature$/);
      }),
    );
  });
});

it('never throws, and never accepts, whatever unsigned request comes', async () => {
  const header = fc.oneof(fc.string(), fc.constant(undefined), fc.constant(String(seconds)));
  const type = fc.constantFrom('application/json', 'application/x-www-form-urlencoded', 'text/plain');
  const body = fc.oneof(
    fc.uint8Array(),
    fc.json(),
    fc.constantFrom(...sampleNames).map((n) => rawBody(sample(n))),
  );
  await fc.assert(
    fc.asyncProperty(
      header,
      header,
      type,
      body,
      fc.boolean(),
      async (stamp, signature, kind, bytes, named) => {
        const request: RawRequest = {
          path: '/',
          registrationId: named ? 'r1' : null,
          headers: {
            'content-type': kind,
            'x-slack-request-timestamp': stamp,
            'x-slack-signature': signature,
          },
          body: Buffer.from(bytes as Uint8Array),
          remoteAddress: '203.0.113.9',
        };
        expect(await reasonOf(request)).toMatch(/^(?!accepted|handshake)[a-z_]+$/);
      },
    ),
    { numRuns: 500 },
  );
});

it('signs as Slack documents it', () => {
  const request = requestOf(mention);
  const base = `v0:${seconds}:${rawBody(mention)}`;
  const hex = createHmac('sha256', secret).update(base).digest('hex');
  expect(request.headers['x-slack-signature']).toBe(`v0=${hex}`);
});
