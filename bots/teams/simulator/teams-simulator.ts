/** The running simulator of Microsoft Teams: people who act on a bot, and what they see of it. */
import type { JsonObject } from '../../../src/kernel/canonical-json.ts';
import { HttpCaller } from '../../shared/http-call.ts';
import { isObject, parseJson } from '../../shared/json.ts';
import {
  botAddedActivity,
  installationActivity,
  invokeActivity,
  messageActivity,
  otherActivity,
  readReceiptActivity,
  type Scene,
} from './activities.ts';
import type { ActivityFeed } from './activity-feed.ts';
import { cardOf, findButton, pressedData, withCard } from './cards.ts';
import type { Faults } from './faults.ts';
import type { Identity, TokenOptions } from './identity.ts';
import type { BotAnswer, By, SendOptions, Settled } from './options.ts';
import type { Oracle, OracleMessage } from './oracle.ts';
import { personalChat, type SimulatedPerson } from './people.ts';
import { firstSubmit, pressActivity, replacementCard } from './press.ts';
import type { PublishedLimits } from './published-limits.ts';
import type { Counts, SimulatorServer } from './server.ts';
import type { World } from './world.ts';

/** Longest wait for the bot; the real platform gives up after 15 s, tests of faults may need longer. */
const botTimeoutMs = 30_000;
/** Search results hold up to 25 cards. */
const maxAnswerBytes = 2_000_000;

/** What a running simulator is made of. */
export interface SimulatorParts {
  server: SimulatorServer;
  identity: Identity;
  world: World;
  oracle: Oracle;
  feed: ActivityFeed;
  limits: PublishedLimits;
  faults: Faults;
}

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
  /** Where the platform can be told how to behave, beyond single faults. */
  readonly world: World;
  /** What stands in people's activity feeds. */
  readonly feed: ActivityFeed;
  readonly limits: PublishedLimits;
  readonly #caller = new HttpCaller(botTimeoutMs, maxAnswerBytes);

  constructor(options: Settled, parts: SimulatorParts) {
    this.#options = options;
    this.#server = parts.server;
    this.world = parts.world;
    this.feed = parts.feed;
    this.limits = parts.limits;
    this.url = parts.server.url;
    this.counts = parts.server.counts;
    this.oracle = parts.oracle;
    this.faults = parts.faults;
    this.identity = parts.identity;
    this.people = options.people;
    this.organization = options.organization;
    this.botEndpoint = options.botEndpoint;
    for (const person of this.people) {
      for (const app of options.apps) {
        this.world.open(personalChat(person, app.appId, options.organization));
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

  /** For DESKBRIDGE_GRAPH_API_URL; DESKBRIDGE_GRAPH_LOGIN_URL is `loginUrl`. */
  get graphUrl(): string {
    return `${this.url}/v1.0`;
  }

  /** The connector's address where nobody told another yet: it serves every region. */
  get firstServiceUrl(): string {
    return `${this.url}/teams/`;
  }

  /** The connector's address for the default organization, in the form of the real one. */
  get serviceUrl(): string {
    return this.serviceUrlOf(this.organization);
  }

  serviceUrlOf(organization: string): string {
    return `${this.url}/${this.world.region}/${organization}/`;
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
    this.world.open(conversation);
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

  /** A person's client tells that everything up to this message was read. */
  readUpTo(messageId: string, by: By = {}): Promise<BotAnswer> {
    return this.sendActivity(readReceiptActivity(this.scene(by), messageId));
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

  /** What becomes of the bot's requests about a person's chat, or another conversation; null: all is well again. */
  refuse(how: 'blocked' | 'uninstalled' | null, by: By = {}): void {
    const { conversation } = this.scene(by);
    if (how === null) this.world.refusals.delete(conversation.id);
    else this.world.refusals.set(conversation.id, how);
  }

  /** Messages of the bot that are visible now, over all conversations, in the order of posting. */
  posted(): OracleMessage[] {
    return this.oracle.posted();
  }

  async close(): Promise<void> {
    this.#caller.close();
    await this.#server.close();
  }
}
