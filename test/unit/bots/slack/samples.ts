/** Recorded payloads as the requests that Slack would send, signed with a secret of ours. */
import { createHmac } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import type { JsonObject } from '../../../../src/kernel/canonical-json.ts';
import type {
  AppDirectory,
  PlatformEnvironment,
  PlatformRegistration,
  RawRequest,
} from '../../../../src/kernel/platform.ts';

export const appId = 'A0DESK00001';
export const secret = 'a-made-up-signing-secret';
export const now = new Date('2025-11-20T09:14:03Z');

export interface Sample {
  /** Where Slack documents the payload; ids, names and texts are made up. */
  _source: string;
  kind: 'event' | 'interaction' | 'command';
  body: JsonObject;
  expected: JsonObject;
}

const folder = new URL('../../../fixtures/slack/', import.meta.url);

export const sampleNames: readonly string[] = readdirSync(folder)
  .filter((file) => file.endsWith('.json'))
  .map((file) => file.replace('.json', ''));

export function sample(name: string): Sample {
  return JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8'));
}

/** The raw body in which Slack sends a payload of that kind. */
export function rawBody({ kind, body }: Pick<Sample, 'kind' | 'body'>): string {
  if (kind === 'event') return JSON.stringify(body);
  if (kind === 'interaction') return new URLSearchParams({ payload: JSON.stringify(body) }).toString();
  return new URLSearchParams(body as Record<string, string>).toString();
}

export function contentType(kind: Sample['kind']): string {
  return kind === 'event' ? 'application/json' : 'application/x-www-form-urlencoded';
}

export interface Signing {
  secret?: string;
  /** As it stands in the header. */
  timestamp?: string;
  registrationId?: string | null;
  type?: string;
}

export function signed(body: string | Buffer, signing: Signing = {}): RawRequest {
  const timestamp = signing.timestamp ?? String(now.getTime() / 1000);
  const bytes = Buffer.from(body);
  const digest = createHmac('sha256', signing.secret ?? secret)
    .update(`v0:${timestamp}:`)
    .update(bytes)
    .digest('hex');
  return {
    path: '/slack/events',
    registrationId: signing.registrationId ?? null,
    headers: {
      'content-type': signing.type ?? contentType('event'),
      'x-slack-request-timestamp': timestamp,
      'x-slack-signature': `v0=${digest}`,
    },
    body: bytes,
    remoteAddress: '203.0.113.9',
  };
}

/** A sample as a request, to the URL with the id of the registration `r1`. */
export function requestOf(sample: Pick<Sample, 'kind' | 'body'>, signing: Signing = {}): RawRequest {
  return signed(rawBody(sample), { registrationId: 'r1', type: contentType(sample.kind), ...signing });
}

export function registration(fields: Partial<PlatformRegistration> & { secret?: string } = {}) {
  const { secret: signingSecret = secret, ...rest } = fields;
  const credentials: JsonObject = { signing_secret: signingSecret };
  const made: PlatformRegistration = {
    registrationId: 'r1',
    tenantId: 't1',
    platform: 'slack',
    appId,
    organization: 'T0ACME00001',
    options: {},
    demo: false,
    status: 'active',
    vouched: true,
    credentials: async () => credentials,
    updateCredentials: async () => credentials,
    ...rest,
  };
  return made;
}

/** An environment with these registrations, at the samples' time. */
export function environment(registrations: readonly PlatformRegistration[]): PlatformEnvironment {
  const apps: AppDirectory = {
    registrationsOfApp: async (platform, id) =>
      registrations.filter((r) => r.platform === platform && r.appId === id && r.status === 'active'),
    registration: async (platform, id) =>
      registrations.find((r) => r.platform === platform && r.registrationId === id) ?? null,
  };
  const silent = { debug() {}, info() {}, warn() {}, error() {} };
  return { apps, clock: { now: () => now }, log: silent, settings: {} };
}
