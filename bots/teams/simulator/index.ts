/** Microsoft Teams in miniature on loopback: people who act on a bot, and what they see of its replies. */
import type { JsonObject, JsonValue } from '../../../src/kernel/canonical-json.ts';
import { HttpCaller } from '../../shared/http-call.ts';
import { isObject, parseJson } from '../../shared/json.ts';
import {
  botAddedActivity,
  installationActivity,
  invokeActivity,
  messageActivity,
  otherActivity,
  type Scene,
} from './activities.ts';
import { cardOf, findButton, pressedData, withCard } from './cards.ts';
import { Connector } from './connector.ts';
import { Faults } from './faults.ts';
import { Identity, type SimulatedApp, type TokenOptions } from './identity.ts';
import { Oracle, type OracleMessage } from './oracle.ts';
import { personalChat, type SimulatedConversation, type SimulatedPerson, samplePeople } from './people.ts';
import { firstSubmit, pressActivity, replacementCard } from './press.ts';
import { type Counts, type SimulatorServer, startServer } from './server.ts';

export { buttonsOf, cardOf } from './cards.ts';
export type { Fault, Route } from './faults.ts';
export type { SimulatedApp, TokenOptions } from './identity.ts';
export type { OracleEvent, OracleMessage } from './oracle.ts';
export type { SimulatedConversation, SimulatedPerson } from './people.ts';
export { channel, createPerson, groupChat, personalChat, samplePeople, stableGuid } from './people.ts';

export interface SimulatorOptions {
  /** Any free port without it. */
  port?: number;
  /** The bot's endpoint, e.g. `http://127.0.0.1:3978/api/messages`. */
  botEndpoint: string;
  /** Entra tenant of the people. */
  organization: string;
  /** The first is who is spoken to unless a call says otherwise. */
  apps: [SimulatedApp, ...SimulatedApp[]];
  people?: readonly SimulatedPerson[];
  botName?: string;
  /** Whether activities carry a token and the connector demands one; true unless the first app has no secret. */
  authenticate?: boolean;
}

/** Who acts where; everything has a default: the first person, the personal chat, the first app. */
export interface By {
  as?: string | SimulatedPerson;
  conversation?: SimulatedConversation;
  appId?: string;
  organization?: string;
}

export interface SendOptions {
  /** The bearer token; null for none. The authentic one without it. */
  token?: string | null;
  headers?: Record<string, string>;
}

/** What the bot's endpoint answered; status 0 when it did not. */
export interface BotAnswer {
  status: number;
  /** The parsed body; null when it is empty or no JSON. */
  body: JsonValue;
  /** What went wrong when there was no answer, e.g. `ECONNREFUSED`. */
  failure: string | null;
}

/** Longest wait for the bot; the real platform gives up after 15 s, tests of faults may need longer. */
const botTimeoutMs = 30_000;
/** Search results hold up to 25 cards. */
const maxAnswerBytes = 2_000_000;

/**
 * Starts the platform's side. Runs in any process; the bot is reached over HTTP only.
 * @throws the listener's error, e.g. for a port in use.
 */
export async function startTeamsSimulator(options: SimulatorOptions): Promise<TeamsSimulator> {
  const identity = await Identity.create(options.apps);
  const oracle = new Oracle();
  const faults = new Faults();
  const people = options.people ?? samplePeople;
  const authenticate = options.authenticate ?? options.apps[0].clientSecret !== null;
  const { organization } = options;
  const connector = new Connector({ oracle, identity, people, organization, requireToken: authenticate });
  const server = await startServer(options.port ?? 0, identity, connector, faults);
  return new TeamsSimulator(
    { ...options, people, authenticate },
    server,
    identity,
    connector,
    oracle,
    faults,
  );
}

type Settled = SimulatorOptions & { people: readonly SimulatedPerson[]; authenticate: boolean };

/** The running simulator. Its methods act as people do; `oracle` is what they see. */
export class TeamsSimulator {
  readonly url: string;
  readonly oracle: Oracle;
  readonly faults: Faults;
  readonly identity: Identity;
  readonly people: readonly SimulatedPerson[];
  /** Requests per route. */
  readonly counts: Counts;
  readonly organization: string;
  /** Where the bot is reached; may be set anew when it restarts elsewhere. */
  botEndpoint: string;
  readonly #options: Settled;
  readonly #server: SimulatorServer;
  readonly #connector: Connector;
  readonly #caller = new HttpCaller(botTimeoutMs, maxAnswerBytes);

  constructor(
    options: Settled,
    server: SimulatorServer,
    identity: Identity,
    connector: Connector,
    oracle: Oracle,
    faults: Faults,
  ) {
    this.#options = options;
    this.#server = server;
    this.#connector = connector;
    this.url = server.url;
    this.counts = server.counts;
    this.oracle = oracle;
    this.faults = faults;
    this.identity = identity;
    this.people = options.people;
    this.organization = options.organization;
    this.botEndpoint = options.botEndpoint;
    for (const person of this.people) {
      for (const app of options.apps) {
        connector.open(personalChat(person, app.appId, options.organization));
      }
    }
  }

  /** For DESKBRIDGE_TEAMS_OPENID_URL. */
  get openIdUrl(): string {
    return `${this.url}/v1/.well-known/openidconfiguration`;
  }

  /** For DESKBRIDGE_TEAMS_LOGIN_URL. */
  get loginUrl(): string {
    return this.url;
  }

  /** The connector's address for the default organization, in the form of the real one. */
  get serviceUrl(): string {
    return this.serviceUrlOf(this.organization);
  }

  serviceUrlOf(organization: string): string {
    return `${this.url}/amer/${organization}/`;
  }

  /** The person of this key. @throws Error when there is none. */
  person(key: string): SimulatedPerson {
    const person = this.people.find((candidate) => candidate.key === key);
    if (person === undefined) throw new Error(`nobody is called "${key}"`);
    return person;
  }

  /** The scene of an act, with its conversation opened for the bot. */
  scene(by: By = {}): Scene {
    const person = typeof by.as === 'object' ? by.as : this.person(by.as ?? this.people[0]?.key ?? '');
    const appId = by.appId ?? this.#options.apps[0].appId;
    const organization = by.organization ?? this.organization;
    const conversation = by.conversation ?? personalChat(person, appId, organization);
    this.#connector.open(conversation);
    const botName = this.#options.botName ?? 'Deskbridge';
    return {
      person,
      conversation,
      appId,
      organization,
      botName,
      serviceUrl: this.serviceUrlOf(organization),
    };
  }

  /** An authentic token for an app, or one that is wrong on purpose. */
  signToken(options: TokenOptions = {}, by: By = {}): Promise<string> {
    const { appId, serviceUrl } = this.scene(by);
    return this.identity.signToken(appId, serviceUrl, options);
  }

  /** Posts an activity to the bot as the connector does. */
  async sendActivity(activity: JsonObject, options: SendOptions = {}): Promise<BotAnswer> {
    const recipient = isObject(activity.recipient) ? String(activity.recipient.id) : '';
    const token =
      options.token === undefined && this.#options.authenticate
        ? await this.identity.tokenFor(recipient.replace(/^28:/, ''), String(activity.serviceUrl))
        : (options.token ?? null);
    return this.sendBody(JSON.stringify(activity), { ...options, token });
  }

  /** Posts any bytes to the bot; without a token unless one is given. */
  async sendBody(body: string, options: SendOptions = {}): Promise<BotAnswer> {
    const authorization = options.token ? { authorization: `Bearer ${options.token}` } : {};
    const headers = { 'content-type': 'application/json', ...authorization, ...options.headers };
    const result = await this.#caller.call({ method: 'POST', url: this.botEndpoint, headers, body });
    if (result.kind === 'failed') return { status: 0, body: null, failure: result.code };
    return { status: result.status, body: parseJson(result.body), failure: null };
  }

  /** A person types. */
  message(text: string, by: By = {}, options: SendOptions = {}): Promise<BotAnswer> {
    return this.sendActivity(messageActivity(this.scene(by), text), options);
  }

  /** A person's client asks for an answer. */
  invoke(name: string, value: JsonObject, by: By = {}, options: SendOptions = {}): Promise<BotAnswer> {
    return this.sendActivity(invokeActivity(this.scene(by), name, value), options);
  }

  /** The app is installed: both activities that Teams sends for it. The later one's answer is returned. */
  async install(by: By = {}): Promise<BotAnswer> {
    await this.sendActivity(botAddedActivity(this.scene(by)));
    return this.sendActivity(installationActivity(this.scene(by), 'add'));
  }

  uninstall(by: By = {}): Promise<BotAnswer> {
    return this.sendActivity(installationActivity(this.scene(by), 'remove'));
  }

  /** An activity of any other type, e.g. `messageReaction`. */
  other(type: string, fields: JsonObject = {}, by: By = {}): Promise<BotAnswer> {
    return this.sendActivity(otherActivity(this.scene(by), type, fields));
  }

  /**
   * A person presses a button of a visible message, found by its title; `filled` goes into the card's inputs. A card
   * in the answer replaces the message's, as in a client.
   * @throws Error when the card has no such button, or one that sends nothing to the bot.
   */
  async pressButton(
    message: OracleMessage,
    title: string,
    by: By = {},
    filled: Record<string, string> = {},
    options: SendOptions = {},
  ): Promise<BotAnswer> {
    const card = cardOf(message.activity);
    if (card === null) throw new Error('the message has no card');
    const activity = pressActivity(this.scene(by), card, findButton(card, title), filled, message.id);
    const answer = await this.sendActivity(activity, options);
    const replacement = replacementCard(answer.body);
    if (replacement !== null) {
      const activityNow = withCard(message.activity, replacement);
      this.oracle.recordChange(message.conversationId, message.id, 'answer', activityNow);
    }
    return answer;
  }

  /** A person submits the card of a dialog that a `task/fetch` or a message extension's command opened. */
  submitDialog(
    card: JsonObject,
    filled: Record<string, string>,
    by: By & { title?: string; commandId?: string; cardMessageId?: string } = {},
  ): Promise<BotAnswer> {
    const submit = by.title === undefined ? firstSubmit(card) : findButton(card, by.title);
    const data = pressedData(card, submit, filled);
    const context = { theme: 'default' };
    const fields = by.cardMessageId === undefined ? {} : { replyToId: by.cardMessageId };
    const activity =
      by.commandId === undefined
        ? invokeActivity(this.scene(by), 'task/submit', { data, context }, fields)
        : invokeActivity(this.scene(by), 'composeExtension/submitAction', {
            commandId: by.commandId,
            commandContext: 'message',
            data,
            context,
          });
    return this.sendActivity(activity);
  }

  /** A person searches in the compose box; without text it is the first request, as the box opens. */
  search(text: string, by: By & { skip?: number; count?: number } = {}): Promise<BotAnswer> {
    const parameter =
      text === '' ? { name: 'initialRun', value: 'true' } : { name: 'searchQuery', value: text };
    return this.invoke(
      'composeExtension/query',
      {
        commandId: 'searchRecords',
        parameters: [parameter],
        queryOptions: { skip: by.skip ?? 0, count: by.count ?? 25 },
      },
      by,
    );
  }

  /** A person starts an action command; with `message`, from somebody's message. */
  openCommand(commandId: string, message: JsonObject | null, by: By = {}): Promise<BotAnswer> {
    const commandContext = message === null ? 'compose' : 'message';
    const value: JsonObject = { commandId, commandContext, context: { theme: 'default' } };
    if (message !== null) value.messagePayload = message;
    return this.invoke('composeExtension/fetchTask', value, by);
  }

  async close(): Promise<void> {
    this.#caller.close();
    await this.#server.close();
  }
}
