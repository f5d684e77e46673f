/** The port behind which a chat platform stands: what each folder of `bots` provides and what it is given. */
import type { IncomingHttpHeaders } from 'node:http';
import type { z } from 'zod';
import type { Activity, ConversationReference, SourceMessage } from './activity.ts';
import type { ManifestFile, ManifestRequest } from './app-spec.ts';
import type { JsonObject } from './canonical-json.ts';
import type { Answer, Message, Reply } from './message.ts';
import type { NotifierRuntime, PlatformAddressing } from './notification.ts';
import type { Clock, Log } from './ports.ts';
import type { RateLimit } from './rate-limit.ts';

/** What a platform can do; the pipeline reads it and degrades in words. */
export interface PlatformCapabilities {
  /** A message of ours can be replaced after it was sent. */
  updateInPlace: boolean;
  /** A message can be shown to one person of a group. */
  ephemeral: boolean;
  /** Forms can be opened from a button. */
  modal: boolean;
  /** An action can start from somebody's message. */
  messageShortcut: boolean;
  /** The platform dedupes sends by a token of ours. */
  serverSideIdempotency: boolean;
  /** What was sent can be read back. */
  readback: boolean;
  /** People have a page of their own with the bot. */
  home: boolean;
  /** Search and pasted links in the compose box. */
  messageExtension: boolean;
}

/** A request as it came from the wire, before anything is believed. */
export interface RawRequest {
  path: string;
  /** The registration id in the path, where the path has one. */
  registrationId: string | null;
  headers: IncomingHttpHeaders;
  /** The raw bytes of the body. */
  body: Buffer;
  /** Address of the TCP peer. */
  remoteAddress: string;
}

/** The outcome of the check of authenticity. `reason` is a metric label: a short code, never a value. */
export type Verification =
  | {
      ok: true;
      appId: string;
      payload: JsonObject;
      /**
       * Tenants for whose registrations the proof holds; null = every customer of the app. A secret that a tenant's own
       * administrator entered proves nothing about another tenant's organization.
       */
      provenFor: ReadonlySet<string> | null;
    }
  /** The platform's own handshake, not an event: answered as it stands. */
  | { ok: true; handshake: HttpAnswer }
  | { ok: false; reason: string };

/** Translation of a verified payload. `refused`: authentic, but its own fields disagree. */
export type Translation = { ok: true; activity: Activity } | { ok: false; reason: string };

export interface HttpAnswer {
  status: number;
  headers?: Record<string, string>;
  /** Sent as JSON; absent = empty body. */
  body?: JsonObject;
}

/** A live registration as a platform sees it. */
export interface PlatformRegistration {
  registrationId: string;
  tenantId: string;
  platform: string;
  appId: string;
  organization: string;
  /** Non-secret, platform-specific fields, as the platform's `registration` schema returned them. */
  options: JsonObject;
  /** Of the demo tenant: calls go to loopback only, and need no token there. */
  demo: boolean;
  /** Pending ones serve for handshakes alone: their secrets prove nothing yet. */
  status: 'pending' | 'active';
  /** An operator entered the secrets: they prove the app for all its customers. */
  vouched: boolean;
  /** Opens the sealed credentials. @throws DeskbridgeError registration_misconfigured */
  credentials(): Promise<JsonObject>;
  /**
   * Changes the sealed credentials under a row lock, e.g. to renew a token that only one process may renew. `change`
   * gets them as they are by then; null leaves them. What it throws leaves them too, and is thrown on.
   * @returns the credentials that stand afterwards
   */
  updateCredentials(change: (current: JsonObject) => Promise<CredentialsUpdate | null>): Promise<JsonObject>;
}

export interface CredentialsUpdate {
  credentials: JsonObject;
  /** When `BotRuntime.renew` is to be called next; null = not by itself. */
  renewAt: Date | null;
}

/** Registrations by app, for verification; answers come from a short-lived cache. */
export interface AppDirectory {
  /** The live ones. */
  registrationsOfApp(platform: string, appId: string): Promise<PlatformRegistration[]>;
  /** A live or pending one; null when it is unknown, retired or another platform's. */
  registration(platform: string, registrationId: string): Promise<PlatformRegistration | null>;
}

/** What a platform is built with. */
export interface PlatformEnvironment {
  apps: AppDirectory;
  clock: Clock;
  log: Log;
  /** Platform-specific settings of the process, from `config.ts`. */
  settings: Record<string, string | string[] | boolean | null>;
}

/** Proves the authenticity of inbound requests over the raw bytes; may keep caches of keys. */
export interface Receiver {
  verify(request: RawRequest): Promise<Verification>;
}

/** Error codes of a send; `domain/notifier` records the same. */
export type SendErrorCode =
  | 'throttled'
  | 'unauthorized'
  | 'not_found'
  | 'server_error'
  | 'transient'
  | 'blocked_by_user'
  | 'not_in_conversation'
  | 'payload_rejected'
  | 'registration_misconfigured'
  | 'outcome_unknown'
  | 'unknown';

export type SendOutcome =
  /** The platform accepted it. `requestId`: the platform's own id of the request, for its support. */
  | { result: 'sent'; messageId: string | null; requestId?: string }
  /**
   * Certainly not posted. `retryAfterMs` where the platform said so; `detail`: the platform's own error name, bounded and
   * without secrets or text of the message.
   */
  | {
      result: 'rejected';
      code: SendErrorCode;
      retryable: boolean;
      retryAfterMs?: number;
      referenceGone?: boolean;
      detail?: string;
      requestId?: string;
    }
  /** It may or may not have been posted. */
  | { result: 'unknown'; code: SendErrorCode; detail?: string };

export interface OutboundMessage {
  registration: PlatformRegistration;
  reference: ConversationReference;
  message: Message;
  /** The platform's id of the person's message that this replies to. */
  replyToMessageId: string | null;
  /** Replace this message of ours instead of posting a new one. */
  updateMessageId: string | null;
  /** Stable over every attempt at the same message; platforms that dedupe by token use it. */
  token: string;
  /** As in the activity, for the first attempt alone. */
  responseUrl?: string | null;
}

/** One step of a registration's examination. Texts hold no secret. */
export interface Check {
  /** Stable name, e.g. `token`. */
  step: string;
  status: 'pass' | 'warn' | 'fail' | 'skipped';
  /** What was found, one sentence. */
  detail: string;
  /** What to do about it; on warn and fail. */
  remedy?: string;
}

/** Speaks to the platform. One try a call: retries belong to the caller, since a send has no undo. */
export interface BotRuntime extends NotifierRuntime {
  send(message: OutboundMessage): Promise<SendOutcome>;
  /** Shows an answer that the platform takes by a call of ours instead of in its response (Slack's modals, App Home). */
  show?(shown: {
    registration: PlatformRegistration;
    activity: Activity;
    answer: Answer;
  }): Promise<SendOutcome>;
  /** Reads a message that a person replied to; null when it cannot be read. */
  readMessage?(
    registration: PlatformRegistration,
    reference: ConversationReference,
    messageId: string,
  ): Promise<SourceMessage | null>;
  /** Renews what ends soon; called when `CredentialsUpdate.renewAt` has come. */
  renew?(registration: PlatformRegistration): Promise<void>;
  /** Examines credentials, token, scopes, bot id and whatever else the platform tells. */
  examine(registration: PlatformRegistration): Promise<Check[]>;
  close(): Promise<void>;
}

/** Installation by a consent page of the platform (OAuth), for registrations that were added without a token. */
export interface InstallFlow {
  /** Where the administrator's browser goes, and `state` comes back from; null when the credentials do not suffice. */
  authorizeUrl(request: InstallRequest & { state: string }): string | null;
  /** Redeems the code. The organization and the app are those that the platform names, not those that we expect. */
  redeem(request: InstallRequest & { code: string }): Promise<
    | { ok: true; appId: string; organization: string; update: CredentialsUpdate }
    /** `reason`: the platform's error code, shown to the administrator. */
    | { ok: false; reason: string }
  >;
}

export interface InstallRequest {
  registration: PlatformRegistration;
  credentials: JsonObject;
  redirectUri: string;
  settings: PlatformEnvironment['settings'];
}

/** One chat platform: the single export of `bots/<name>/index.ts`. */
export interface BotPlatform {
  /** Plain text in the database, e.g. `teams`. */
  id: string;
  /** The platform's name as people write it. */
  name: string;
  /** Paths of the webhook, all POST; `:registration` stands for a registration id. */
  paths: readonly string[];
  capabilities: PlatformCapabilities;
  /** Milliseconds within which the platform wants its acknowledgement, less a margin. */
  answerWithinMs: number;
  /** The published rate limits; a registration's `limits` override them by name (`overrideLimits`). */
  limits: readonly RateLimit[];
  /** How the destinations of notifications are named. */
  addressing: PlatformAddressing;
  /** The app's and the organization's id, brought into the form that the platform's events carry. */
  appId: z.ZodType<string>;
  organization: z.ZodType<string>;
  /** Non-secret fields of a registration besides app_id and organization; defaults filled in. */
  registration: z.ZodType<JsonObject>;
  /** A registration's secrets. */
  credentials: z.ZodType<JsonObject>;
  /**
   * The credentials once `sent` ones take the place of the `current`: what the platform itself gave (tokens, tickets) is
   * kept as long as it still belongs to them. Without it the sent ones stand alone.
   */
  mergeCredentials?(current: JsonObject, sent: JsonObject): JsonObject;
  /** How a registration without a token is installed; absent where none is needed. */
  install?: InstallFlow & { isInstalled(credentials: JsonObject): boolean };
  /**
   * The manifest from which the platform's console makes the app, in every form that it has, the usual one first. Pure;
   * absent where a platform has none.
   */
  manifest?(request: ManifestRequest): readonly ManifestFile[];
  createReceiver(environment: PlatformEnvironment): Receiver;
  /** Pure translation of a verified payload. */
  toActivity(payload: JsonObject, appId: string): Translation;
  /** The HTTP response that carries an outcome back; `activity` says what was asked. */
  renderAnswer(reply: Reply, activity: Activity): HttpAnswer;
  /** Whether an answer goes by `BotRuntime.show` after the response; never, without it. */
  answersByCall?(answer: Answer, activity: Activity): boolean;
  /** Imports the vendor's SDK; called at the first send of the platform. */
  loadRuntime(environment: PlatformEnvironment): Promise<BotRuntime>;
}
