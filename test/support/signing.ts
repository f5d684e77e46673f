/** Requests as Slack and Lark sign them, right or wrong, for registrations of any app, organization and secret. */
import { createCipheriv, createHash, createHmac, randomBytes } from 'node:crypto';
import type { JsonObject } from '../../src/kernel/canonical-json.ts';
import type { HarnessInstallation } from './platform-harness.ts';

/** Who sends: an app's event for one organization, proved by one secret. */
export interface Sender {
  appId: string;
  organization: string;
  /** Slack's signing secret; Lark's encrypt key. */
  secret: string;
}

export interface Signed {
  headers: Record<string, string>;
  body: string;
}

/** Seconds that the stamp of a request is off. */
export interface Shift {
  seconds?: number;
}

/** How a platform that signs its requests speaks. */
export interface Dialect {
  platform: string;
  /** Fields of a registration besides ids and secrets. */
  options: JsonObject;
  /** Ids in the platform's form, by a number. */
  appId(number: number): string;
  organization(number: number): string;
  /** The secret that an installation of the test world is signed with. */
  secretOf(installation: HarnessInstallation): string;
  credentials(secret: string): JsonObject;
  path(registrationId: string): string;
  /** A typed message, under an id of its own. */
  message(sender: Sender, id: string, text: string, person: string): JsonObject;
  /** The organization removed the app at that moment. */
  removal(sender: Sender, id: string, at: Date): JsonObject;
  sign(body: JsonObject, secret: string, shift?: Shift): Signed;
  /** Ways to be refused with 401, and the metric's reason for each. */
  refusals: readonly [name: string, reason: string, make: (body: JsonObject, sender: Sender) => Signed][];
}

const minute = 60;
const hour = 3600;

function stamp({ seconds = 0 }: Shift): string {
  return String(Math.floor(Date.now() / 1000) + seconds);
}

function without({ headers, body }: Signed, ...names: string[]): Signed {
  return {
    headers: Object.fromEntries(Object.entries(headers).filter(([name]) => !names.includes(name))),
    body,
  };
}

function withHeader({ headers, body }: Signed, name: string, value: string): Signed {
  return { headers: { ...headers, [name]: value }, body };
}

const slackStamp = 'x-slack-request-timestamp';
const slackSignature = 'x-slack-signature';

/** Text of any content type, signed as Slack does. */
export function signSlack(body: string, contentType: string, secret: string, shift: Shift = {}): Signed {
  const timestamp = stamp(shift);
  const digest = createHmac('sha256', secret).update(`v0:${timestamp}:${body}`).digest('hex');
  const headers = { 'content-type': contentType, [slackStamp]: timestamp, [slackSignature]: `v0=${digest}` };
  return { headers, body };
}

export const slackDialect: Dialect = {
  platform: 'slack',
  options: {},
  appId: (number) => `A0PROOF${number}`,
  organization: (number) => `T0PROOF${number}`,
  secretOf: ({ credentials }) => String(credentials.signing_secret),
  credentials: (secret) => ({ signing_secret: secret, bot_token: `xoxb-of-${secret}` }),
  path: (registrationId) => `/slack/events/${registrationId}`,
  message: (sender, id, text, person) =>
    slackEvent(sender, id, {
      type: 'message',
      channel_type: 'im',
      user: person,
      channel: 'D0PROOF',
      text,
      ts: `1763630043.${id}`,
    }),
  removal: (sender, id, at) => ({
    ...slackEvent(sender, id, { type: 'app_uninstalled' }),
    event_time: Math.floor(at.getTime() / 1000),
  }),
  sign: (body, secret, shift) => signSlack(JSON.stringify(body), 'application/json', secret, shift),
  refusals: [
    ['without signature', 'no_signature', (body, s) => without(slackSigned(body, s), slackSignature)],
    ['without timestamp', 'no_signature', (body, s) => without(slackSigned(body, s), slackStamp)],
    [
      'signed with another secret',
      'bad_signature',
      (body, s) => slackSigned(body, { ...s, secret: 'another' }),
    ],
    ['six minutes old', 'expired', (body, s) => slackSigned(body, s, { seconds: -6 * minute })],
    ['six minutes ahead', 'not_yet_valid', (body, s) => slackSigned(body, s, { seconds: 6 * minute })],
    [
      'with another timestamp',
      'bad_signature',
      (body, s) => withHeader(slackSigned(body, s), slackStamp, stamp({ seconds: 1 })),
    ],
    [
      'with a timestamp in words',
      'malformed_timestamp',
      (body, s) => withHeader(slackSigned(body, s), slackStamp, '1e9'),
    ],
    [
      'with another version',
      'malformed_signature',
      (body, s) => withHeader(slackSigned(body, s), slackSignature, `v1=${'0'.repeat(64)}`),
    ],
    [
      'tampered with',
      'bad_signature',
      (body, s) => ({ ...slackSigned(body, s), body: JSON.stringify({ ...body, added: 1 }) }),
    ],
    ['naming another app', 'wrong_app', (body, s) => slackSigned({ ...body, api_app_id: 'A0ANOTHER1' }, s)],
  ],
};

function slackSigned(body: JsonObject, { secret }: Sender, shift?: Shift): Signed {
  return slackDialect.sign(body, secret, shift);
}

/** An event in its envelope; an organization that is an enterprise (`E…`) installed the app for all its workspaces. */
function slackEvent({ appId, organization }: Sender, id: string, event: JsonObject): JsonObject {
  const isEnterprise = organization.startsWith('E');
  const authorization = {
    enterprise_id: isEnterprise ? organization : null,
    team_id: isEnterprise ? null : organization,
    user_id: 'U0PROOFBOT',
    is_bot: true,
    is_enterprise_install: isEnterprise,
  };
  return {
    type: 'event_callback',
    api_app_id: appId,
    team_id: isEnterprise ? 'T0INSIDE1' : organization,
    event_id: `Ev0${id}`,
    event_time: Math.floor(Date.now() / 1000),
    authorizations: [authorization],
    event,
  };
}

const larkStamp = 'x-lark-request-timestamp';
const larkNonce = 'x-lark-request-nonce';
const larkSignature = 'x-lark-signature';

/** Each app has both; here the one follows from the other. */
const larkTokens = new Map<string, string>();

export function larkTokenOf(encryptKey: string): string {
  return larkTokens.get(encryptKey) ?? `token-of-${encryptKey}`;
}

/** The body that carries JSON encrypted. */
export function encryptLark(body: JsonObject, encryptKey: string): string {
  const iv = randomBytes(16);
  const cipher = createCipheriv('aes-256-cbc', createHash('sha256').update(encryptKey).digest(), iv);
  const bytes = Buffer.concat([iv, cipher.update(JSON.stringify(body)), cipher.final()]);
  return JSON.stringify({ encrypt: bytes.toString('base64') });
}

/** A body as it is, signed as Lark does. */
export function signLark(body: string, encryptKey: string, shift: Shift = {}): Signed {
  const [timestamp, nonce] = [stamp(shift), randomBytes(4).toString('hex')];
  const signature = createHash('sha256').update(`${timestamp}${nonce}${encryptKey}${body}`).digest('hex');
  const headers = {
    'content-type': 'application/json',
    [larkStamp]: timestamp,
    [larkNonce]: nonce,
    [larkSignature]: signature,
  };
  return { headers, body };
}

export const larkDialect: Dialect = {
  platform: 'lark',
  options: { app_type: 'isv', domain: 'lark' },
  appId: (number) => `cli_proof${number}`,
  organization: (number) => `tenantkeyproof${number}`,
  secretOf: ({ credentials }) => {
    const key = String(credentials.encrypt_key);
    larkTokens.set(key, String(credentials.verification_token));
    return key;
  },
  credentials: (secret) => ({
    app_secret: `app-secret-of-${secret}`,
    encrypt_key: secret,
    verification_token: larkTokenOf(secret),
  }),
  path: (registrationId) => `/lark/events/${registrationId}`,
  message: ({ appId, organization, secret }, id, text, person) => ({
    schema: '2.0',
    header: {
      event_id: id,
      event_type: 'im.message.receive_v1',
      create_time: String(Date.now()),
      token: larkTokenOf(secret),
      app_id: appId,
      tenant_key: organization,
    },
    event: {
      sender: { sender_id: { open_id: person }, sender_type: 'user' },
      message: {
        message_id: `om_${id}`,
        chat_id: 'oc_proof',
        chat_type: 'p2p',
        message_type: 'text',
        content: JSON.stringify({ text }),
      },
    },
  }),
  removal: ({ appId, organization, secret }, id, at) => ({
    uuid: id,
    token: larkTokenOf(secret),
    ts: (at.getTime() / 1000).toFixed(6),
    type: 'event_callback',
    event: { type: 'app_uninstalled', app_id: appId, tenant_key: organization },
  }),
  sign: (body, secret, shift) => signLark(encryptLark(body, secret), secret, shift),
  refusals: [
    [
      'without any of the headers',
      'no_signature',
      (body, s) => without(larkSigned(body, s), larkStamp, larkNonce, larkSignature),
    ],
    ['without timestamp', 'bad_signature', (body, s) => without(larkSigned(body, s), larkStamp)],
    ['without nonce', 'bad_signature', (body, s) => without(larkSigned(body, s), larkNonce)],
    [
      'signed with another key',
      'bad_signature',
      (body, s) => signLark(encryptLark(body, s.secret), 'another'),
    ],
    ['nine hours old', 'expired', (body, s) => larkSigned(body, s, { seconds: -9 * hour })],
    ['six minutes ahead', 'not_yet_valid', (body, s) => larkSigned(body, s, { seconds: 6 * minute })],
    [
      'with another timestamp',
      'bad_signature',
      (body, s) => withHeader(larkSigned(body, s), larkStamp, stamp({ seconds: 1 })),
    ],
    [
      'tampered with',
      'bad_signature',
      (body, s) => ({ ...larkSigned(body, s), body: encryptLark(body, s.secret) }),
    ],
    ['in the clear', 'not_encrypted', (body, s) => signLark(JSON.stringify(body), s.secret)],
    [
      'encrypted with another key',
      'undecryptable',
      (body, s) => signLark(encryptLark(body, 'another'), s.secret),
    ],
    [
      'with another verification token',
      'wrong_token',
      (body, s) => larkSigned(withLarkHeader(body, { token: 'another' }), s),
    ],
    [
      'naming another app',
      'wrong_app',
      (body, s) => larkSigned(withLarkHeader(body, { app_id: 'cli_another' }), s),
    ],
  ],
};

function larkSigned(body: JsonObject, { secret }: Sender, shift?: Shift): Signed {
  return larkDialect.sign(body, secret, shift);
}

function withLarkHeader(body: JsonObject, fields: JsonObject): JsonObject {
  return { ...body, header: { ...(body.header as JsonObject), ...fields } };
}
