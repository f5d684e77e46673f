/** Authenticity of a request to the Slack endpoint: the signature over the raw bytes, by the app's signing secrets. */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { JsonObject } from '../../src/kernel/canonical-json.ts';
import type {
  PlatformEnvironment,
  PlatformRegistration,
  RawRequest,
  Receiver,
  Verification,
} from '../../src/kernel/platform.ts';
import { type Body, hasSslCheck, readBody } from './body.ts';
import { readCredentials } from './credentials.ts';
import type { SlackPayload } from './envelope.ts';

/** Slack signs at the moment of sending; older is a replay, newer a forged or broken clock. */
const windowMs = 5 * 60_000;
const maxChallengeLength = 1000;

type Refusal = { ok: false; reason: string };
type Outcome<T> = { ok: true; value: T } | Refusal;

/** What Slack's two headers say. */
interface Stamp {
  timestamp: string;
  signature: Buffer;
}

/** Whose secrets the request may be signed with. */
interface Signers {
  appId: string;
  live: PlatformRegistration[];
  /** The registration of the path while it is pending: good for the handshake alone. */
  pending: PlatformRegistration | null;
}

/**
 * The check of every inbound Slack request. Whatever the request, it answers and does not throw; what the directory
 * of registrations throws is passed on, so that the platform repeats.
 * https://docs.slack.dev/authentication/verifying-requests-from-slack
 */
export function createSlackReceiver(environment: PlatformEnvironment): Receiver {
  return {
    async verify(request: RawRequest): Promise<Verification> {
      // Slack's check of the certificate is not always signed; whatever else such a body says is dropped.
      if (hasSslCheck(request)) return { ok: true, handshake: { status: 200 } };
      const stamp = readStamp(request, environment.clock.now());
      if (!stamp.ok) return stamp;
      // Without a registration in the path the body names the app: believed only to choose the secrets.
      const peeked = request.registrationId === null ? readBody(request) : null;
      if (peeked?.ok === false) return peeked;
      const signers = await findSigners(environment, request.registrationId, peeked?.value ?? null);
      if (!signers.ok) return signers;
      const proof = await prove(signers.value, stamp.value, request.body);
      if (!proof.ok) return proof;
      const body = peeked ?? readBody(request);
      if (!body.ok) return body;
      return accept(request, body.value, signers.value, proof.value, stamp.value);
    },
  };
}

function readStamp(request: RawRequest, now: Date): Outcome<Stamp> {
  const timestamp = request.headers['x-slack-request-timestamp'];
  const signature = request.headers['x-slack-signature'];
  if (timestamp === undefined || signature === undefined) return refuse('no_signature');
  // `Number` reads `1e9`, ` 1 ` and `0x1` too: plain digits only.
  if (typeof timestamp !== 'string' || !/^\d{1,12}$/.test(timestamp)) return refuse('malformed_timestamp');
  const ageMs = now.getTime() - Number(timestamp) * 1000;
  if (ageMs > windowMs) return refuse('expired');
  if (ageMs < -windowMs) return refuse('not_yet_valid');
  const hex = typeof signature === 'string' ? /^v0=([0-9a-f]{64})$/.exec(signature)?.[1] : undefined;
  if (hex === undefined) return refuse('malformed_signature');
  return { ok: true, value: { timestamp, signature: Buffer.from(hex, 'hex') } };
}

/** The app of the path's registration, else the one that the body names, with the registrations that may prove it. */
async function findSigners(
  { apps }: PlatformEnvironment,
  registrationId: string | null,
  peeked: Body | null,
): Promise<Outcome<Signers>> {
  if (registrationId === null) {
    const appId = peeked?.appId ?? null;
    if (appId === null) return refuse('app_missing');
    const live = await apps.registrationsOfApp('slack', appId);
    const vouchedFirst = [...live].sort((a, b) => Number(b.vouched) - Number(a.vouched));
    return live.length === 0
      ? refuse('unknown_app')
      : { ok: true, value: { appId, live: vouchedFirst, pending: null } };
  }
  const registration = await apps.registration('slack', registrationId);
  if (registration === null) return refuse('unknown_registration');
  const { appId } = registration;
  // The path's own first: where it settles the matter, the secrets of the app's other customers stay closed.
  const all = await apps.registrationsOfApp('slack', appId);
  const live = [...all].sort((a, b) => rank(b) - rank(a));
  function rank(one: PlatformRegistration): number {
    return (one.vouched ? 2 : 0) + (one.registrationId === registrationId ? 1 : 0);
  }
  const pending = registration.status === 'pending' ? registration : null;
  return { ok: true, value: { appId, live, pending } };
}

/** For whom the signature holds. */
interface Proof {
  /** As in `Verification`; empty when only a pending registration's secret fits. */
  provenFor: ReadonlySet<string> | null;
}

/** Tries every distinct secret once; a vouched one that fits settles the matter. */
async function prove(signers: Signers, stamp: Stamp, body: Buffer): Promise<Outcome<Proof>> {
  const tried = new Map<string, boolean>();
  const fits = async (registration: PlatformRegistration): Promise<boolean> => {
    const secret = await signingSecretOf(registration);
    if (secret === null) return false;
    const known = tried.get(secret);
    if (known !== undefined) return known;
    const result = timingSafeEqual(sign(secret, stamp.timestamp, body), stamp.signature);
    tried.set(secret, result);
    return result;
  };
  const tenants = new Set<string>();
  for (const registration of signers.live) {
    if (!(await fits(registration))) continue;
    if (registration.vouched) return { ok: true, value: { provenFor: null } };
    tenants.add(registration.tenantId);
  }
  if (tenants.size > 0) return { ok: true, value: { provenFor: tenants } };
  if (signers.pending !== null && (await fits(signers.pending))) {
    return { ok: true, value: { provenFor: tenants } };
  }
  return refuse(tried.size === 0 ? 'no_secret' : 'bad_signature');
}

/** Null where there is no usable secret: an empty one would let anybody sign. */
async function signingSecretOf(registration: PlatformRegistration): Promise<string | null> {
  try {
    return readCredentials(await registration.credentials()).signing_secret ?? null;
  } catch {
    // Credentials that do not open prove nothing; the registration's examination tells why.
    return null;
  }
}

function sign(secret: string, timestamp: string, body: Buffer): Buffer {
  return createHmac('sha256', secret).update(`v0:${timestamp}:`).update(body).digest();
}

/** What a signed request is: the handshake, or a payload of the app that the signature proves. */
function accept(request: RawRequest, body: Body, signers: Signers, proof: Proof, stamp: Stamp): Verification {
  if (body.appId !== null && body.appId !== signers.appId) return refuse('wrong_app');
  if (body.content.type === 'url_verification' && body.kind === 'event') {
    return handshake(request, body.content);
  }
  if (proof.provenFor?.size === 0) return refuse('registration_pending');
  if (body.appId === null && !namesNoApp(body)) return refuse('app_missing');
  const digest = createHash('sha256').update(stamp.timestamp).update(request.body).digest('hex');
  const payload: SlackPayload = { kind: body.kind, body: body.content, requestKey: `sha256:${digest}` };
  return { ok: true, appId: signers.appId, payload: { ...payload }, provenFor: proof.provenFor };
}

/** The challenge names no app, so that only the path can say whose secret it was to be signed with. */
function handshake(request: RawRequest, content: JsonObject): Verification {
  if (request.registrationId === null) return refuse('app_missing');
  const { challenge } = content;
  if (typeof challenge !== 'string' || challenge === '' || challenge.length > maxChallengeLength) {
    return refuse('malformed_challenge');
  }
  return { ok: true, handshake: { status: 200, body: { challenge } } };
}

/**
 * Shortcuts are the only payloads without `api_app_id`; with a registration in the path the signature alone proves
 * the app, since every app has a signing secret of its own.
 * https://docs.slack.dev/reference/interaction-payloads/shortcuts-interaction-payload
 */
function namesNoApp({ kind, content }: Body): boolean {
  return kind === 'interaction' && (content.type === 'shortcut' || content.type === 'message_action');
}

function refuse(reason: string): Refusal {
  return { ok: false, reason };
}
