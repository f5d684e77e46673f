/** Authenticity of a request to the Teams endpoint: the connector's token, or the demo's door on loopback. */
import { createHash } from 'node:crypto';
import { decodeJwt, decodeProtectedHeader, errors, jwtVerify } from 'jose';
import type { JsonObject } from '../../src/kernel/canonical-json.ts';
import type { PlatformEnvironment, RawRequest, Receiver, Verification } from '../../src/kernel/platform.ts';
import { isLoopbackAddress, isLoopbackHost } from '../shared/loopback.ts';
import { type Cloud, cloudOf, cloudOfIssuer } from './clouds.ts';
import { isTrustedServiceUrl, parseServiceUrl, sameServiceUrl } from './hosts.ts';
import { readSettings, type TeamsSettings } from './settings.ts';
import { type SigningAlgorithm, type SigningKey, SigningKeys, signingAlgorithms } from './signing-keys.ts';

const channel = 'msteams';
/** Real tokens have about 1,000 characters. */
const maxTokenLength = 8192;
const skewSeconds = 300;
/** How long a verified token is believed without another look at its signature. */
const proofMs = 5 * 60_000;
const maxProofs = 1000;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** What a verified token says. It names the app and the service URL, never the customer's organization. */
interface Proof {
  appId: string;
  cloud: Cloud;
  serviceUrl: URL;
  keyId: string;
  key: SigningKey;
  keys: SigningKeys;
  /** Epoch milliseconds until which the proof may be used again. */
  until: number;
}

type Outcome<T> = { ok: true; value: T } | { ok: false; reason: string };
type Refusal = { ok: false; reason: string };

/**
 * The check of every inbound Teams request. The body is parsed only after the token's signature is verified.
 * `verify` throws DeskbridgeError `unavailable` when the signing keys cannot be had, so that the platform repeats.
 */
export function createTeamsReceiver(environment: PlatformEnvironment): Receiver {
  const settings = readSettings(environment.settings);
  const tokens = new TokenVerifier(environment, settings);
  return {
    async verify(request: RawRequest): Promise<Verification> {
      const authorization = request.headers.authorization;
      if (authorization === undefined) return verifyDemoRequest(request, settings);
      const match = /^Bearer ([A-Za-z0-9_.-]+)$/i.exec(authorization.slice(0, maxTokenLength + 8));
      const token = match?.[1];
      if (token === undefined || authorization.length > maxTokenLength) return refuse('malformed_token');
      const proof = await tokens.prove(token);
      if (!proof.ok) return proof;
      return verifyBody(request.body, proof.value, settings, environment);
    },
  };
}

/** Checks signatures and claims; remembers proofs, since the connector reuses one token for about an hour. */
class TokenVerifier {
  readonly #environment: PlatformEnvironment;
  readonly #settings: TeamsSettings;
  readonly #documents = new Map<string, SigningKeys>();
  /** By SHA-256 of the token; the least recently used entry comes first. */
  readonly #proofs = new Map<string, Proof>();

  constructor(environment: PlatformEnvironment, settings: TeamsSettings) {
    this.#environment = environment;
    this.#settings = settings;
  }

  async prove(token: string): Promise<Outcome<Proof>> {
    const digest = createHash('sha256').update(token).digest('base64');
    const known = this.#recall(digest);
    if (known !== null) return { ok: true, value: known };
    const proof = await this.#verify(token);
    if (proof.ok) this.#remember(digest, proof.value);
    return proof;
  }

  #recall(digest: string): Proof | null {
    const proof = this.#proofs.get(digest);
    if (proof === undefined) return null;
    this.#proofs.delete(digest);
    const live = this.#environment.clock.now().getTime() < proof.until;
    if (!live || !proof.keys.holds(proof.keyId, proof.key)) return null;
    this.#proofs.set(digest, proof);
    return proof;
  }

  #remember(digest: string, proof: Proof): void {
    this.#proofs.set(digest, proof);
    if (this.#proofs.size <= maxProofs) return;
    const oldest = this.#proofs.keys().next().value;
    if (oldest !== undefined) this.#proofs.delete(oldest);
  }

  async #verify(token: string): Promise<Outcome<Proof>> {
    const hint = peek(token);
    if (!hint.ok) return hint;
    const { cloud, keyId, algorithm } = hint.value;
    const keys = this.#keysOf(cloud);
    const key = await keys.find(keyId);
    if (key === null) return refuse('unknown_key');
    const now = this.#environment.clock.now();
    try {
      const { payload } = await jwtVerify(token, await key.forAlgorithm(algorithm), {
        algorithms: [algorithm],
        issuer: cloud.issuer,
        clockTolerance: skewSeconds,
        currentDate: now,
        requiredClaims: ['exp'],
      });
      if (!key.endorsements.has(channel)) return refuse('not_endorsed');
      const serviceUrl = typeof payload.serviceurl === 'string' ? parseServiceUrl(payload.serviceurl) : null;
      if (serviceUrl === null) return refuse('service_url_missing');
      if (typeof payload.aud !== 'string' || payload.aud === '') return refuse('wrong_audience');
      const until = Math.min((payload.exp ?? 0) * 1000, now.getTime() + proofMs);
      const appId = payload.aud.toLowerCase();
      return { ok: true, value: { appId, cloud, serviceUrl, keyId, key, keys, until } };
    } catch (error) {
      return refuse(reasonOf(error));
    }
  }

  #keysOf(cloud: Cloud): SigningKeys {
    const url = this.#settings.openIdUrl ?? cloud.openIdUrl;
    let keys = this.#documents.get(url);
    if (keys === undefined) {
      keys = new SigningKeys(url, this.#environment.clock, this.#environment.log);
      this.#documents.set(url, keys);
    }
    return keys;
  }
}

/** What the unverified token claims, read only to choose the key. */
function peek(token: string): Outcome<{ cloud: Cloud; keyId: string; algorithm: SigningAlgorithm }> {
  try {
    const { kid, alg } = decodeProtectedHeader(token);
    const { iss } = decodeJwt(token);
    const algorithm = signingAlgorithms.find((allowed) => allowed === alg);
    if (algorithm === undefined) return refuse('wrong_algorithm');
    if (typeof kid !== 'string' || kid === '' || kid.length > 200) return refuse('unknown_key');
    const cloud = typeof iss === 'string' ? cloudOfIssuer(iss) : null;
    if (cloud === null) return refuse('wrong_issuer');
    return { ok: true, value: { cloud, keyId: kid, algorithm } };
  } catch {
    return refuse('malformed_token');
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof errors.JWTExpired) return 'expired';
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.claim === 'nbf') return 'not_yet_valid';
    return error.claim === 'iss' ? 'wrong_issuer' : 'malformed_token';
  }
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'bad_signature';
  return 'malformed_token';
}

/** The body against the token: the app is one of ours in that cloud, the channel is Teams, the service URLs agree. */
async function verifyBody(
  body: Buffer,
  proof: Proof,
  settings: TeamsSettings,
  environment: PlatformEnvironment,
): Promise<Verification> {
  const registrations = await environment.apps.registrationsOfApp('teams', proof.appId);
  const ours = registrations.some(({ options }) => cloudOf(options).issuer === proof.cloud.issuer);
  if (!ours) return refuse('wrong_audience');
  const payload = parseBody(body);
  if (payload === null) return refuse('malformed_json');
  if (payload.channelId !== channel) return refuse('wrong_channel');
  const serviceUrl = typeof payload.serviceUrl === 'string' ? parseServiceUrl(payload.serviceUrl) : null;
  if (serviceUrl === null || !sameServiceUrl(serviceUrl, proof.serviceUrl)) {
    return refuse('service_url_mismatch');
  }
  if (!isTrustedServiceUrl(serviceUrl, settings.serviceHosts)) return refuse('untrusted_service_url');
  return { ok: true, appId: proof.appId, payload, provenFor: null };
}

/**
 * The demo's door: a request without a token is taken when it comes from this machine, did not pass a proxy or a web
 * page (any page could post to 127.0.0.1), and names the demo's bot and a service URL on this machine.
 */
function verifyDemoRequest(request: RawRequest, settings: TeamsSettings): Verification {
  const closed = settings.demoAppId === null || !isLoopbackAddress(request.remoteAddress);
  if (closed || hasForeignTrace(request)) return refuse('no_token');
  const payload = parseBody(request.body);
  if (payload === null) return refuse('malformed_json');
  if (payload.channelId !== channel) return refuse('wrong_channel');
  const recipient = payload.recipient;
  const named = typeof recipient === 'object' && recipient !== null && !Array.isArray(recipient);
  if (!named || recipient.id !== `28:${settings.demoAppId}`) return refuse('no_token');
  const serviceUrl = typeof payload.serviceUrl === 'string' ? parseServiceUrl(payload.serviceUrl) : null;
  if (serviceUrl === null || !isLoopbackHost(serviceUrl.hostname)) return refuse('untrusted_service_url');
  return { ok: true, appId: settings.demoAppId ?? '', payload, provenFor: null };
}

function hasForeignTrace(request: RawRequest): boolean {
  return Object.keys(request.headers).some((header) => {
    const name = header.toLowerCase();
    return name === 'origin' || name === 'forwarded' || name.startsWith('x-forwarded-');
  });
}

/** The body as a JSON object, or null; JSON is UTF-8, and what is none is not guessed at. */
function parseBody(body: Buffer): JsonObject | null {
  try {
    const value: unknown = JSON.parse(utf8.decode(body));
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as JsonObject)
      : null;
  } catch {
    return null;
  }
}

function refuse(reason: string): Refusal {
  return { ok: false, reason };
}
