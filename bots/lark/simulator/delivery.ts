/** Sends events and callbacks to the bot's endpoints, as Lark does: sealed anew each time, and again where no 200 came. */
import type { JsonObject, JsonValue } from '../../../src/kernel/canonical-json.ts';
import type { Clock } from '../../../src/kernel/ports.ts';
import { HttpCaller } from '../../shared/http-call.ts';
import { isObject, parseJson } from '../../shared/json.ts';
import { type SealedEvent, type SealOptions, seal } from './envelope.ts';
import { nextEventId } from './events.ts';
import { appTicketEvent } from './events-v1.ts';
import type { Identity } from './identity.ts';

/** Waits between an event that was not taken and its repeats; after the last Lark gives up. Callbacks are not repeated. */
export const retryScheduleMs: readonly number[] = [15_000, 300_000, 3_600_000, 21_600_000];

/** Lark waits this long for an event's acknowledgement and for a callback's answer. */
export const patienceMs = 3000;

/** Longest wait of the simulator itself, so that tests of faults see what came late. */
const botTimeoutMs = 30_000;
const maxAnswerBytes = 2_000_000;

/** What the bot's endpoint answered; status 0 when it did not. */
export interface BotAnswer {
  status: number;
  /** The parsed body; null when it is empty or no JSON. */
  body: JsonValue;
  /** What went wrong when there was no answer, e.g. `ECONNREFUSED`. */
  failure: string | null;
  /** How long it took. */
  ms: number;
}

export interface DeliveryOptions extends SealOptions {
  /** Seconds since 1970, in place of now. */
  timestamp?: number;
}

export class Delivery {
  readonly #identity: Identity;
  readonly #clock: Clock;
  readonly #endpoints = new Map<string, string>();
  readonly #caller = new HttpCaller(botTimeoutMs, maxAnswerBytes);

  constructor(identity: Identity, clock: Clock) {
    this.#identity = identity;
    this.#clock = clock;
  }

  /** Sets where the bot of an installation is reached. */
  setEndpoint(installation: string, url: string): void {
    this.#endpoints.set(installation, url);
  }

  /** The first installation of the app whose endpoint is known; null when none is. */
  connectedInstallation(appId: string): string | null {
    const all = this.#identity.installations;
    return all.find((one) => one.appId === appId && this.#endpoints.has(one.key))?.key ?? null;
  }

  /** The event in a fresh envelope: nonce, initialization vector, timestamp and signature are new. */
  seal(event: JsonObject, installation: string, options: DeliveryOptions = {}): SealedEvent {
    const appId = this.#identity.installations.find(({ key }) => key === installation)?.appId ?? '';
    const timestamp = options.timestamp ?? Math.floor(this.#clock.now().getTime() / 1000);
    return seal(event, this.#identity.app(appId), timestamp, options);
  }

  deliver(event: JsonObject, installation: string, options: DeliveryOptions = {}): Promise<BotAnswer> {
    return this.send(this.seal(event, installation, options), installation);
  }

  /** Posts any bytes. @throws Error for an installation that is not connected */
  async send({ headers, body }: SealedEvent, installation: string): Promise<BotAnswer> {
    const url = this.#endpoints.get(installation);
    if (url === undefined) throw new Error(`the installation "${installation}" is not connected`);
    const start = performance.now();
    const result = await this.#caller.call({ method: 'POST', url, headers, body });
    const ms = performance.now() - start;
    if (result.kind === 'failed') return { status: 0, body: null, failure: result.code, ms };
    return { status: result.status, body: parseJson(result.body), failure: null, ms };
  }

  /** Delivers an event, and repeats it by the published schedule until it is taken in time or given up. */
  async deliverWithRetries(
    event: JsonObject,
    installation: string,
    wait: (ms: number) => Promise<void>,
  ): Promise<BotAnswer> {
    let answer = await this.deliver(event, installation);
    for (const ms of retryScheduleMs) {
      if (answer.status === 200 && answer.ms <= patienceMs) break;
      await wait(ms);
      answer = await this.deliver(event, installation);
    }
    return answer;
  }

  /** Pushes a new app_ticket; null when the app has no endpoint yet. */
  async pushTicket(appId: string): Promise<BotAnswer | null> {
    const ticket = this.#identity.issueTicket(appId);
    const installation = this.connectedInstallation(appId);
    if (installation === null) return null;
    const { verificationToken } = this.#identity.app(appId);
    return this.deliver(appTicketEvent(appId, verificationToken, ticket, this.#clock.now()), installation);
  }

  close(): void {
    this.#caller.close();
  }
}

/** What receivers dedupe an event by: `header.event_id`, in version 1 `uuid`. */
export function eventKeyOf(event: JsonObject): string {
  return String(isObject(event.header) ? event.header.event_id : event.uuid);
}

/** The same event under a new id, as a second copy of it. */
export function withNewId(event: JsonObject): JsonObject {
  if (isObject(event.header)) return { ...event, header: { ...event.header, event_id: nextEventId() } };
  return { ...event, uuid: nextEventId() };
}
