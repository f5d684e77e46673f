/**
 * The Slack runtime and installation against a Web API: one list of tests, over our own simulator and over `emulate`
 * (https://github.com/vercel-labs/emulate), whose authors know nothing of ours. What is visible afterwards is read by
 * plain calls of the same API.
 *
 * What emulate 0.12.2 has not, so that only our simulator stands for it:
 * - any bearer passes, as that of an administrator: no invalid_auth, token_revoked, token_expired, account_inactive;
 *   no token rotation, no revocation, no `apps.uninstall`;
 * - one workspace, no enterprise: no other organization, no whole-enterprise installation;
 * - no slash commands, shortcuts, buttons, response URLs or Socket Mode, and no way to have its events sent to a bot: no
 *   ephemeral replies; triggers come from a method of its own, and last 3 s as Slack's do;
 * - no limits of rate, blocks or views, and no look into blocks: it keeps whatever objects it is given; nor the limit of
 *   a text that chat.update brings.
 * It holds the scopes that a token was given against each call, which our simulator does not: a method for which the app
 * asks no scope fails here.
 *
 * Where it differs from Slack's documentation and practice, which our simulator follows:
 * - a bot posts in every public channel, as with chat:write.public; it is told not_in_channel of private ones, which
 *   Slack does not reveal: channel_not_found (https://github.com/mishk0/slack-bot-api/issues/97);
 * - chat.update in an unknown channel is message_not_found; in Slack channel_not_found;
 * - a wrong client secret is invalid_client_id; in Slack bad_client_secret;
 * - auth.test answers without is_enterprise_install and without the header X-OAuth-Scopes;
 * - conversations.replies of an unknown message is an empty list; in Slack thread_not_found;
 * - an unknown method is a 404 without `ok`; in Slack unknown_method with 200.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { slackInstall } from '../../bots/slack/install.ts';
import { personalReference } from '../../bots/slack/reference.ts';
import { renderMessage } from '../../bots/slack/render.ts';
import { createSlackRuntime } from '../../bots/slack/runtime.ts';
import type { Activity, ConversationReference } from '../../src/kernel/activity.ts';
import type { JsonObject, JsonValue } from '../../src/kernel/canonical-json.ts';
import type { Answer, Message } from '../../src/kernel/message.ts';
import type {
  BotRuntime,
  OutboundMessage,
  PlatformRegistration,
  SendOutcome,
} from '../../src/kernel/platform.ts';
import { form, messages } from '../support/cards.ts';
import { silentLog } from '../support/log.ts';
import { testDirectory, testRegistration } from '../support/registration.ts';
import {
  consent,
  type SlackAnswer,
  type SlackBackend,
  slackApp,
  slackBackends,
  slackCall,
} from '../support/slack-backends.ts';

const message: Message = { title: 'Ticket #1001', text: 'Printer is broken' };
const { redirectUri } = slackApp;
const client = {
  signing_secret: slackApp.signingSecret,
  client_id: slackApp.clientId,
  client_secret: slackApp.clientSecret,
};
const noMessage: SendOutcome = { result: 'rejected', code: 'not_found', retryable: false };
const gone: SendOutcome = { ...noMessage, referenceGone: true };
const absent: SendOutcome = { ...gone, code: 'not_in_conversation' };

describe.each(slackBackends)(
  'the Slack runtime against $name',
  ({ start, namesScopes, hasArchivedChannels }) => {
    let backend: SlackBackend;
    let runtime: BotRuntime;
    /** What the installation brought. */
    let credentials: JsonObject;
    let token: string;
    let person: string;

    beforeAll(async () => {
      backend = await start();
      const clock = { now: () => new Date() };
      const settings = { apiUrl: backend.apiUrl, demoApiUrl: null };
      runtime = createSlackRuntime({ apps: testDirectory([]), clock, log: silentLog, settings });
      const redeemed = await redeem(await codeOf('state-0'));
      if (!redeemed.ok) throw new Error(redeemed.reason);
      credentials = redeemed.update.credentials;
      token = String(credentials.bot_token);
      person = backend.people[0];
    });
    afterAll(async () => {
      await runtime.close();
      await backend.close();
    });

    function registration(fields: Partial<PlatformRegistration> = {}): PlatformRegistration {
      const { organization } = backend;
      const { appId } = slackApp;
      return testRegistration({
        platform: 'slack',
        appId,
        organization,
        credentials: async () => credentials,
        ...fields,
      });
    }

    /** An administrator consents. */
    async function codeOf(state: string): Promise<string> {
      const back = await consent(slackInstall.authorizeUrl({ ...installRequest(), state }) ?? '');
      expect(back.origin + back.pathname).toBe(redirectUri);
      expect(back.searchParams.get('state')).toBe(state);
      return back.searchParams.get('code') ?? '';
    }

    function installRequest(of: JsonObject = client) {
      const settings = { apiUrl: backend.apiUrl };
      return { registration: registration(), credentials: of, redirectUri, settings };
    }

    function redeem(code: string, changed: { credentials?: JsonObject; redirectUri?: string } = {}) {
      return slackInstall.redeem({ ...installRequest(), code, ...changed });
    }

    function channel(id = backend.channel, threadId: string | null = null): ConversationReference {
      const { organization } = backend;
      return {
        ...personalReference(organization, person),
        ...inChannel,
        platformConversationId: id,
        threadId,
      };
    }

    const direct = () => personalReference(backend.organization, person);

    function send(
      reference: ConversationReference,
      fields: Partial<OutboundMessage> = {},
    ): Promise<SendOutcome> {
      return runtime.send({
        registration: registration(),
        reference,
        message,
        replyToMessageId: null,
        updateMessageId: null,
        token: 'delivery-1',
        ...fields,
      });
    }

    /** Sends, and says by which ts. */
    async function sent(
      reference: ConversationReference,
      fields: Partial<OutboundMessage> = {},
    ): Promise<string> {
      const outcome = await send(reference, fields);
      if (outcome.result !== 'sent' || outcome.messageId === null) throw new Error(JSON.stringify(outcome));
      return outcome.messageId;
    }

    function show(answer: Answer, fields: Partial<Activity> = {}): Promise<SendOutcome> | undefined {
      const activity: Activity = {
        platform: 'slack',
        appId: slackApp.appId,
        organization: backend.organization,
        eventKeys: ['k'],
        reference: channel(),
        person: { platformUserId: person, name: null },
        messageId: null,
        cardMessageId: null,
        replyBy: 'answer',
        intent: { kind: 'home' },
        ...fields,
      };
      return runtime.show?.({ registration: registration(), activity, answer });
    }

    const call = (method: string, args: Record<string, string>): Promise<SlackAnswer> =>
      slackCall(backend.apiUrl, token, method, args);

    async function history(of = backend.channel): Promise<JsonObject[]> {
      const answer = await call('conversations.history', { channel: of, include_all_metadata: 'true' });
      expect(answer).toMatchObject({ ok: true });
      return answer.messages ?? [];
    }

    async function read(ts: string, of = backend.channel): Promise<JsonObject> {
      const found = (await history(of)).find((one) => one.ts === ts);
      if (found === undefined) throw new Error('there is no such message');
      return found;
    }

    async function replies(ts: string): Promise<JsonObject[]> {
      return (await call('conversations.replies', { channel: backend.channel, ts })).messages ?? [];
    }

    /** The person's direct conversation with the bot. */
    async function directChannel(): Promise<string> {
      const opened = await call('conversations.open', { users: person });
      expect(opened.channel?.id).toMatch(/^D/);
      return opened.channel?.id ?? '';
    }

    describe('the installation', () => {
      it('brings the bot token of the workspace in which an administrator consented', async () => {
        expect(await redeem(await codeOf('s&t = "1"'))).toEqual({
          ok: true,
          appId: slackApp.appId,
          organization: backend.organization,
          update: {
            credentials: {
              ...client,
              bot_token: expect.stringMatching(/^xoxb-/),
              bot_user_id: expect.stringMatching(/^U[A-Z0-9]+$/),
            },
            renewAt: null,
          },
        });
      });

      it('redeems a code once', async () => {
        const code = await codeOf('state');
        expect(await redeem(code)).toMatchObject({ ok: true });
        expect(await redeem(code)).toEqual({ ok: false, reason: 'invalid_code' });
        expect(await redeem('made-up')).toEqual({ ok: false, reason: 'invalid_code' });
      });

      it('redeems a code for the address that it was made for', async () => {
        const elsewhere = await redeem(await codeOf('state'), { redirectUri: `${redirectUri}/other` });
        expect(elsewhere).toEqual({ ok: false, reason: 'bad_redirect_uri' });
      });

      it('redeems a code for its app alone', async () => {
        const code = await codeOf('state');
        const stranger = { ...client, client_id: '9.9' };
        expect(await redeem(code, { credentials: stranger })).toEqual({
          ok: false,
          reason: 'invalid_client_id',
        });
        const guess = { ...client, client_secret: 'guess' };
        const reason = expect.stringMatching(/^(bad_client_secret|invalid_client_id)$/);
        expect(await redeem(code, { credentials: guess })).toEqual({ ok: false, reason });
      });
    });

    describe('a message', () => {
      it.each(Object.entries(messages))('stands as it was drawn: %s', async (_, drawn) => {
        const ts = await sent(channel(), { message: drawn });
        const { text, blocks } = renderMessage(drawn);
        const seen = await read(ts);
        expect(seen).toMatchObject({ type: 'message', user: credentials.bot_user_id, text });
        expect(withoutIds(seen.blocks)).toEqual(withoutIds(blocks as unknown as JsonValue));
        expect(seen.thread_ts).toBeUndefined();
      });

      it('carries our token, by which it can be found', async () => {
        const ts = await sent(channel(), { token: 'delivery-2' });
        const ours = { event_type: 'deskbridge_message', event_payload: { token: 'delivery-2' } };
        expect((await read(ts)).metadata).toEqual(ours);
      });

      it('answers another in its thread, outside of the channel’s history', async () => {
        const root = await backend.write('printer is broken');
        const first = await sent(channel(), { replyToMessageId: root });
        const second = await sent(channel(backend.channel, root), { replyToMessageId: first });
        const thread = await replies(root);
        expect(thread.map(({ ts }) => ts)).toEqual([root, first, second]);
        expect(thread.slice(1).map(({ thread_ts }) => thread_ts)).toEqual([root, root]);
        const listed = await history();
        expect(listed.find(({ ts }) => ts === root)).toMatchObject({ reply_count: 2 });
        expect(listed.filter(({ ts }) => ts === first || ts === second)).toEqual([]);
      });

      it('reaches a person by user id, in one conversation and in no thread', async () => {
        const first = await sent(direct());
        const second = await sent(direct(), { replyToMessageId: first });
        const listed = await history(await directChannel());
        expect(listed.slice(0, 2).map(({ ts }) => ts)).toEqual([second, first]);
        expect(listed[0]).toMatchObject({ user: credentials.bot_user_id });
        expect(listed[0]).not.toHaveProperty('thread_ts');
      });
    });

    describe('a new version', () => {
      const newer: Message = { title: 'Ticket #1001', text: 'Printer is mended', tone: 'good' };

      it('stands in place of the old one and keeps our token', async () => {
        const ts = await sent(channel(), { token: 'delivery-3' });
        const before = (await history()).length;
        expect(await sent(channel(), { updateMessageId: ts, message: newer, token: 'another' })).toBe(ts);
        const seen = await read(ts);
        expect(withoutIds(seen.blocks)).toEqual(
          withoutIds(renderMessage(newer).blocks as unknown as JsonValue),
        );
        expect(seen.text).toContain('mended');
        expect(seen.metadata).toMatchObject({ event_payload: { token: 'delivery-3' } });
        expect(await history()).toHaveLength(before);
      });

      it('stands in a thread where the old one stood', async () => {
        const root = await backend.write('mouse is broken');
        const ts = await sent(channel(), { replyToMessageId: root });
        await sent(channel(backend.channel, root), { updateMessageId: ts, message: newer });
        const thread = await replies(root);
        expect(thread).toHaveLength(2);
        expect(thread[1]).toMatchObject({ ts, thread_ts: root, text: expect.stringContaining('mended') });
      });

      it('needs the direct conversation’s own id, not the person’s', async () => {
        const ts = await sent(direct());
        expect(await send(direct(), { updateMessageId: ts, message: newer })).toEqual(noMessage);
        const own = await directChannel();
        expect((await read(ts, own)).text).toContain('broken');
        await sent({ ...direct(), platformConversationId: own }, { updateMessageId: ts, message: newer });
        expect((await read(ts, own)).text).toContain('mended');
      });

      it('of a message that is not there, or another’s, is refused and nothing more', async () => {
        expect(await send(channel(), { updateMessageId: '1700000000.000001' })).toEqual(noMessage);
        const theirs = await backend.write('my own words');
        expect(await send(channel(), { updateMessageId: theirs })).toEqual(noMessage);
        expect((await read(theirs)).text).toBe('my own words');
      });
    });

    describe('a refusal', () => {
      it.each(['C0NOWHERE00', 'D0NOWHERE00', 'U0NOBODY000'])('names %s as gone', async (id) => {
        expect(await send(channel(id))).toEqual(gone);
      });

      it('says that the bot is not in the channel', async () => {
        expect(await send(channel(backend.outside))).toEqual(absent);
      });

      it.skipIf(!hasArchivedChannels)(
        'says that the channel is archived (needs a backend that has such)',
        async () => {
          expect(await send(channel(backend.archived ?? ''))).toEqual(gone);
        },
      );

      it('without a token leaves nothing behind', async () => {
        const before = (await history()).length;
        const demo = registration({ demo: true, credentials: async () => ({}) });
        const outcome = { result: 'rejected', code: 'unauthorized', retryable: false };
        expect(await send(channel(), { registration: demo })).toEqual(outcome);
        expect(await history()).toHaveLength(before);
      });
    });

    describe('a view', () => {
      const home: Answer = { kind: 'home', sections: Object.values(messages) };
      const view = JSON.stringify({ type: 'home', blocks: [{ type: 'divider' }] });
      /** With the hash of no version a page is published only where there is none yet. */
      const publishFirst = (userId: string) => call('views.publish', { user_id: userId, view, hash: 'none' });

      it('is the page of the person alone, in every new version', async () => {
        expect(await show(home)).toEqual({ result: 'sent', messageId: null });
        expect(await publishFirst(person)).toMatchObject({ ok: false, error: 'hash_conflict' });
        expect(await publishFirst(backend.people[1])).toMatchObject({ ok: true });
        expect(await show(home)).toEqual({ result: 'sent', messageId: null });
      });

      it('is nobody’s page where there is no such person', async () => {
        expect(await show(home, { person: { platformUserId: 'U0NOBODY000', name: null } })).toEqual(absent);
      });

      it('is a form, opened once by a trigger', async () => {
        const answerHandle = await backend.trigger(token, person);
        expect(await show({ kind: 'form', form }, { answerHandle })).toEqual({
          result: 'sent',
          messageId: null,
        });
        const plain = {
          type: 'modal',
          title: { type: 'plain_text', text: 'A' },
          blocks: [{ type: 'divider' }],
        };
        const again = await call('views.open', { trigger_id: answerHandle, view: JSON.stringify(plain) });
        expect(again).toMatchObject({ ok: false, error: 'exchanged_trigger_id' });
        expect(await show({ kind: 'form', form }, { answerHandle })).toEqual(noMessage);
        expect(await show({ kind: 'form', form }, { answerHandle: '1.2.made-up' })).toEqual(noMessage);
      });
    });

    describe('the examination', () => {
      async function examined(of: Partial<PlatformRegistration> = {}) {
        const checks = await runtime.examine(registration(of));
        return Object.fromEntries(checks.map(({ step, status }) => [step, status]));
      }

      it('finds the installation as it is', async () => {
        expect(await examined()).toMatchObject({
          credentials: 'pass',
          token: 'pass',
          organization: 'pass',
          bot_id: 'pass',
          signature_secret: 'pass',
        });
      });

      it.skipIf(!namesScopes)('finds every scope (needs a backend that names them)', async () => {
        expect(await examined()).toMatchObject({ scopes: 'pass' });
      });

      it('finds a token of another workspace or bot, and the lack of one', async () => {
        expect(await examined({ organization: 'T0OTHER' })).toMatchObject({
          token: 'pass',
          organization: 'fail',
        });
        const other = { ...credentials, bot_user_id: 'U0OTHERBOT' };
        expect(await examined({ credentials: async () => other })).toMatchObject({ bot_id: 'warn' });
        const none = await examined({ demo: true, credentials: async () => client });
        expect(none).toMatchObject({ credentials: 'pass', token: 'fail', organization: 'skipped' });
      });
    });
  },
);

const inChannel = { type: 'channel', platformUserId: null } as const;

/** The API adds a block_id to blocks that have none. */
function withoutIds(blocks: JsonValue | undefined): JsonValue[] {
  return (Array.isArray(blocks) ? blocks : []).map((block) => {
    if (typeof block !== 'object' || block === null || Array.isArray(block)) return block;
    const { block_id: _, ...rest } = block;
    return rest;
  });
}
