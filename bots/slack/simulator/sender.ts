/** Posts signed requests to the bot's endpoint as Slack does, events with their retries. */
import type { JsonValue } from '../../../src/kernel/canonical-json.ts';
import type { Clock } from '../../../src/kernel/ports.ts';
import { HttpCaller } from '../../shared/http-call.ts';
import { parseJson } from '../../shared/json.ts';
import { sign } from './signature.ts';
import type { Installation } from './world.ts';

/** Milliseconds before each retry of an event: at once, after a minute, after five. https://docs.slack.dev/apis/events-api */
export const publishedRetrySchedule: readonly number[] = [0, 60_000, 300_000];

const maxAnswerBytes = 2_000_000;

/** How a request differs from an authentic one. */
export interface SendOptions {
  /** Signed with this secret instead of the app's. */
  secret?: string;
  /** Seconds since 1970; now without it. */
  timestamp?: number;
  /** Instead of the right one; null for none. */
  signature?: string | null;
  headers?: Record<string, string>;
  /** Posted there instead of the installation's endpoint. */
  url?: string;
}

/** A request as it leaves; posting it again sends the same bytes. */
export interface SignedRequest {
  url: string;
  headers: Record<string, string>;
  body: string;
}

/** What the bot's endpoint answered; status 0 when it did not. */
export interface BotAnswer {
  status: number;
  /** The parsed body, or its text when it is no JSON; null when it is empty. */
  body: JsonValue;
  /** What went wrong when there was no answer, e.g. `ECONNREFUSED`. */
  failure: string | null;
}

interface Attempt extends BotAnswer {
  noRetry: boolean;
}

export class Sender {
  readonly #clock: Clock;
  readonly #caller: HttpCaller;
  readonly #retrySchedule: readonly number[];
  readonly #timers = new Set<NodeJS.Timeout>();
  #endpoint: string;
  #registrations: ReadonlyMap<string, string> = new Map();

  /**
   * @param endpoint the bot's address; `{registration}` stands for the registration's id
   * @param retrySchedule milliseconds before each retry of an event that found no 2xx; empty for none
   */
  constructor(clock: Clock, endpoint: string, timeoutMs: number, retrySchedule: readonly number[]) {
    this.#clock = clock;
    this.#endpoint = endpoint;
    this.#caller = new HttpCaller(timeoutMs, maxAnswerBytes);
    this.#retrySchedule = retrySchedule;
  }

  connect(serverUrl: string, registrations: ReadonlyMap<string, string>): void {
    this.#endpoint = `${serverUrl.replace(/\/+$/, '')}/slack/events/{registration}`;
    this.#registrations = registrations;
  }

  /** Where the installation's requests go; without a registration, the address that stands for every app. */
  endpointOf(installation: Installation): string {
    const registration = this.#registrations.get(installation.key);
    return registration === undefined
      ? this.#endpoint.replace('/{registration}', '')
      : this.#endpoint.replace('{registration}', encodeURIComponent(registration));
  }

  /** A body of any content, signed for the installation's app, or wrong on purpose. */
  signed(
    installation: Installation,
    body: string,
    contentType: 'application/json' | 'application/x-www-form-urlencoded',
    options: SendOptions = {},
  ): SignedRequest {
    const timestamp = options.timestamp ?? Math.floor(this.#clock.now().getTime() / 1000);
    const secret = options.secret ?? installation.app.signingSecret;
    const signature =
      options.signature === undefined ? sign(body, secret, timestamp) : (options.signature ?? null);
    const headers = {
      'content-type': contentType,
      'user-agent': 'Slackbot 1.0 (+https://api.slack.com/robots)',
      'x-slack-request-timestamp': String(timestamp),
      ...(signature === null ? {} : { 'x-slack-signature': signature }),
      ...options.headers,
    };
    return { url: options.url ?? this.endpointOf(installation), headers, body };
  }

  post(request: SignedRequest): Promise<BotAnswer> {
    return this.#post(request).then(({ noRetry: _noRetry, ...answer }) => answer);
  }

  /** Slash commands and interactions, which Slack sends once. */
  sendForm(installation: Installation, body: string, options: SendOptions = {}): Promise<BotAnswer> {
    return this.post(this.signed(installation, body, 'application/x-www-form-urlencoded', options));
  }

  /**
   * An event; resolves with the first answer. Retries by the schedule follow on their own.
   * @param retry 0 for the first copy; a retry is stamped and signed anew, and says its number and reason
   */
  async sendEvent(
    installation: Installation,
    body: string,
    retry = 0,
    options: SendOptions = {},
    reason = 'http_timeout',
  ): Promise<BotAnswer> {
    const said: Record<string, string> =
      retry === 0 ? {} : { 'x-slack-retry-num': String(retry), 'x-slack-retry-reason': reason };
    const headers = { ...said, ...options.headers };
    const request = this.signed(installation, body, 'application/json', { ...options, headers });
    const { noRetry, ...answer } = await this.#post(request);
    const delay = this.#retrySchedule[retry];
    if (delay !== undefined && !noRetry && (answer.status < 200 || answer.status > 299)) {
      this.#later(delay, () => {
        void this.sendEvent(installation, body, retry + 1, options, reasonOf(answer));
      });
    }
    return answer;
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    this.#caller.close();
  }

  async #post({ url, headers, body }: SignedRequest): Promise<Attempt> {
    const result = await this.#caller.call({ method: 'POST', url, headers, body });
    if (result.kind === 'failed') return { status: 0, body: null, failure: result.code, noRetry: false };
    const text = result.body;
    return {
      status: result.status,
      body: text === '' ? null : (parseJson(text) ?? text),
      failure: null,
      noRetry: result.headers['x-slack-no-retry'] === '1',
    };
  }

  #later(delay: number, run: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      run();
    }, delay);
    timer.unref();
    this.#timers.add(timer);
  }
}

function reasonOf({ status, failure }: BotAnswer): string {
  if (status !== 0) return 'http_error';
  return failure === 'ETIMEDOUT' ? 'http_timeout' : 'connection_failed';
}
