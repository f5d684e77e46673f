/** The port behind which a chat platform stands: what each folder of `bots` provides and what it is given. */
import type { IncomingHttpHeaders } from 'node:http';
import type { z } from 'zod';
import type { Activity, ConversationReference } from './activity.ts';
import type { JsonObject } from './canonical-json.ts';
import type { Message, Reply } from './message.ts';
import type { Clock, Log } from './ports.ts';

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
export type Verification = { ok: true; appId: string; payload: JsonObject } | { ok: false; reason: string };

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
  /** Opens the sealed credentials. @throws DeskbridgeError registration_misconfigured */
  credentials(): Promise<JsonObject>;
}

/** Registrations by app, for verification; answers come from a short-lived cache. */
export interface AppDirectory {
  registrationsOfApp(platform: string, appId: string): Promise<PlatformRegistration[]>;
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
  /** The platform accepted it. */
  | { result: 'sent'; messageId: string | null }
  /** Certainly not posted. `retryAfterMs` where the platform said so. */
  | {
      result: 'rejected';
      code: SendErrorCode;
      retryable: boolean;
      retryAfterMs?: number;
      referenceGone?: boolean;
    }
  /** It may or may not have been posted. */
  | { result: 'unknown'; code: SendErrorCode };

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
}

/** Speaks to the platform. One try a call: retries belong to the caller, since a send has no undo. */
export interface BotRuntime {
  send(message: OutboundMessage): Promise<SendOutcome>;
  close(): Promise<void>;
}

/** One chat platform: the single export of `bots/<name>/index.ts`. */
export interface BotPlatform {
  /** Plain text in the database, e.g. `teams`. */
  id: string;
  /** Paths of the webhook, all POST; `:registration` stands for a registration id. */
  paths: readonly string[];
  capabilities: PlatformCapabilities;
  /** Non-secret fields of a registration besides app_id and organization; defaults filled in. */
  registration: z.ZodType<JsonObject>;
  /** A registration's secrets. */
  credentials: z.ZodType<JsonObject>;
  createReceiver(environment: PlatformEnvironment): Receiver;
  /** Pure translation of a verified payload. */
  toActivity(payload: JsonObject, appId: string): Translation;
  /** The HTTP response that carries an outcome back; `activity` says what was asked. */
  renderAnswer(reply: Reply, activity: Activity): HttpAnswer;
  /** Imports the vendor's SDK; called at the first send of the platform. */
  loadRuntime(environment: PlatformEnvironment): Promise<BotRuntime>;
}
