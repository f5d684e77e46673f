/** Authenticity of a request to the Lark endpoint, over the raw bytes: signature, age, encryption, token, app. */
import type { JsonObject } from '../../src/kernel/canonical-json.ts';
import { DeskbridgeError } from '../../src/kernel/errors.ts';
import type {
  PlatformEnvironment,
  PlatformRegistration,
  RawRequest,
  Receiver,
  Verification,
} from '../../src/kernel/platform.ts';
import { isObject, parseObject } from '../shared/json.ts';
import { storeAppTicket } from './app-ticket.ts';
import { decrypt, isSameSecret, signatureOf } from './crypto.ts';
import { type Envelope, readEnvelope } from './envelope.ts';

/**
 * Lark repeats an event up to 7.1 hours after it, and does not say whether it stamps repeats anew. What is repeated
 * inside the window is stopped by the receipts.
 */
const oldestMs = 8 * 3_600_000;
const earliestMs = 5 * 60_000;
/** The check of a request URL is a few hundred bytes; nothing longer is decrypted without a signature. */
const maxChallengeBytes = 8_192;
const maxChallengeLength = 1_000;

/** One pair of secrets of the app, and the registrations that hold it. */
interface Keys {
  encryptKey: string;
  verificationToken: string;
  registrations: PlatformRegistration[];
}

type Refusal = { ok: false; reason: string };

/** A body that could be decrypted, under the pairs whose verification token it names. */
interface Opened {
  payload: JsonObject;
  envelope: Envelope;
  keys: Keys[];
}

/**
 * The check of every inbound Lark request. The id in the URL chooses the app, and all secrets of the app's registrations
 * are tried: Lark sends the events of all customers of an app to one URL. `verify` rejects only when the directory
 * cannot be read or an app_ticket cannot be stored; the request is then answered as unavailable, and Lark repeats it.
 * Source: https://open.feishu.cn/document/server-docs/event-subscription-guide/event-subscription-configure-/encrypt-key-encryption-configuration-case
 */
export function createLarkReceiver(environment: PlatformEnvironment): Receiver {
  return {
    async verify(request: RawRequest): Promise<Verification> {
      const { apps } = environment;
      const { registrationId } = request;
      const named = registrationId === null ? null : await apps.registration('lark', registrationId);
      if (named === null) return refuse('unknown_registration');
      const own = await keysOf([named]);
      // An app may have hundreds of customers: their secrets are opened only where the path's own do not settle it.
      const settled =
        named.status === 'active' && named.vouched && isSigned(request) && fitting(request, own).length > 0;
      const keys = settled ? own : await keysOf(await othersToo(environment, named));
      return isSigned(request)
        ? await verifySigned(request, named.appId, keys, environment)
        : verifyUnsigned(request, keys);
    },
  };
}

async function verifySigned(
  request: RawRequest,
  appId: string,
  keys: Keys[],
  environment: PlatformEnvironment,
): Promise<Verification> {
  const timestamp = headerOf(request, 'x-lark-request-timestamp');
  const signed = fitting(request, keys);
  if (signed.length === 0) return refuse('bad_signature');
  const untimely = reasonOfTime(timestamp, environment.clock.now());
  if (untimely !== null) return refuse(untimely);
  const body = openBody(request.body, signed);
  if (!body.ok) return body;
  const { payload, envelope, keys: proving } = body.value;
  if (isChallenge(payload)) return answerChallenge(payload);
  const holders = proving
    .flatMap(({ registrations }) => registrations)
    .filter(({ status }) => status === 'active');
  if (holders.length === 0) return refuse('registration_pending');
  if (envelope.appId !== appId) return refuse('wrong_app');
  const provenFor = tenantsProvenBy(holders);
  if (envelope.type === 'app_ticket') return await storeAppTicket(envelope, appId, provenFor, environment);
  return { ok: true, appId, payload, provenFor };
}

/** The pairs that the request is signed with. */
function fitting(request: RawRequest, keys: Keys[]): Keys[] {
  const signature = headerOf(request, 'x-lark-signature');
  const timestamp = headerOf(request, 'x-lark-request-timestamp');
  const nonce = headerOf(request, 'x-lark-request-nonce');
  return keys.filter(({ encryptKey }) =>
    isSameSecret(signature, signatureOf(timestamp, nonce, encryptKey, request.body)),
  );
}

/** The app's live registrations, and the one of the path where it is pending. */
async function othersToo(
  { apps }: PlatformEnvironment,
  named: PlatformRegistration,
): Promise<PlatformRegistration[]> {
  const live = await apps.registrationsOfApp('lark', named.appId);
  return named.status === 'pending' ? [...live, named] : live;
}

/** Lark signs every request but one: the check of a request URL, which the verification token alone proves. */
function verifyUnsigned(request: RawRequest, keys: Keys[]): Verification {
  if (request.body.length > maxChallengeBytes) return refuse('no_signature');
  const body = openBody(request.body, keys);
  return body.ok && isChallenge(body.value.payload)
    ? answerChallenge(body.value.payload)
    : refuse('no_signature');
}

/** The distinct pairs of secrets of these registrations. One whose secrets cannot be opened does not hinder the others. */
async function keysOf(registrations: PlatformRegistration[]): Promise<Keys[]> {
  const pairs = new Map<string, Keys>();
  for (const registration of registrations) {
    const { encrypt_key: encryptKey, verification_token: verificationToken } = await opened(registration);
    // An empty secret proves nothing.
    if (!isSecret(encryptKey) || !isSecret(verificationToken)) continue;
    const key = JSON.stringify([encryptKey, verificationToken]);
    const pair = pairs.get(key);
    if (pair === undefined) pairs.set(key, { encryptKey, verificationToken, registrations: [registration] });
    else pair.registrations.push(registration);
  }
  return [...pairs.values()];
}

async function opened(registration: PlatformRegistration): Promise<JsonObject> {
  try {
    return await registration.credentials();
  } catch (error) {
    // Credentials that do not open prove nothing; the registration's examination tells why.
    if (error instanceof DeskbridgeError && error.code === 'registration_misconfigured') return {};
    throw error;
  }
}

/** Decrypts the body and finds the pairs whose token it names. */
function openBody(body: Buffer, keys: Keys[]): { ok: true; value: Opened } | Refusal {
  const frame = parseObject(body.toString('utf8'));
  if (frame === null) return refuse('malformed_json');
  const { encrypt } = frame;
  // A body in plain text cannot have come from an app with an encrypt key.
  if (typeof encrypt !== 'string') return refuse('not_encrypted');
  let reason = 'undecryptable';
  for (const encryptKey of new Set(keys.map((pair) => pair.encryptKey))) {
    const plain = decrypt(encrypt, encryptKey);
    const payload = plain === null ? null : parseObject(plain);
    if (payload === null) continue;
    const envelope = readEnvelope(payload);
    const token = envelope.token ?? '';
    const proving = keys.filter(
      (pair) => pair.encryptKey === encryptKey && isSameSecret(token, pair.verificationToken),
    );
    if (proving.length > 0) return { ok: true, value: { payload, envelope, keys: proving } };
    reason = 'wrong_token';
  }
  return refuse(reason);
}

function isChallenge(payload: JsonObject): boolean {
  return payload.type === 'url_verification' && !isObject(payload.header);
}

/** Lark wants the challenge back within a second. */
function answerChallenge({ challenge }: JsonObject): Verification {
  if (typeof challenge !== 'string' || challenge === '' || challenge.length > maxChallengeLength) {
    return refuse('malformed_challenge');
  }
  return { ok: true, handshake: { status: 200, body: { challenge } } };
}

/** Secrets that an operator entered prove the app for all its customers, others for the tenants that hold them. */
function tenantsProvenBy(holders: PlatformRegistration[]): ReadonlySet<string> | null {
  if (holders.some(({ vouched }) => vouched)) return null;
  return new Set(holders.map(({ tenantId }) => tenantId));
}

/** Null when the request is of now. Plain digits only: the stamp is signed without a mark where it ends. */
function reasonOfTime(timestamp: string, now: Date): string | null {
  if (!/^\d{1,12}$/.test(timestamp)) return 'malformed_timestamp';
  const ageMs = now.getTime() - Number(timestamp) * 1000;
  if (ageMs > oldestMs) return 'expired';
  return ageMs < -earliestMs ? 'not_yet_valid' : null;
}

function isSigned(request: RawRequest): boolean {
  return headerOf(request, 'x-lark-signature') !== '';
}

function headerOf(request: RawRequest, name: string): string {
  const value = request.headers[name];
  return typeof value === 'string' ? value : '';
}

function isSecret(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function refuse(reason: string): Refusal {
  return { ok: false, reason };
}
