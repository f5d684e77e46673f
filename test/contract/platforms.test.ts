/** One conversation on every platform of `bots/index.ts`: the same gestures, the same replies, the same audit rows. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { platforms } from '../../bots/index.ts';
import type { AuditRow } from '../../src/audit/audit-chain.ts';
import type { SeenMessage, Where } from '../../src/kernel/simulated-chat.ts';
import { ChatWorld } from '../support/chat-world.ts';
import { withoutNotifier } from '../support/without-notifier.ts';

const linkCode = /[0-9A-Z]{4}-[0-9A-Z]{4}/;

describe.each(platforms.map(({ id, capabilities }) => ({ id, capabilities })))(
  'on $id',
  ({ id, capabilities }) => {
    let world: ChatWorld;
    beforeAll(async () => {
      world = await ChatWorld.start(id, { settings: { group_chat: true }, environment: withoutNotifier });
    });
    afterAll(() => world.close());

    let audited = 0;
    beforeEach(async () => {
      audited = (await world.auditRows()).length;
    });

    /** Audit rows since the test began. */
    async function newRows(): Promise<AuditRow[]> {
      return (await world.auditRows()).slice(audited);
    }

    async function labels(message: SeenMessage): Promise<string[]> {
      return message.card.buttons.map(({ label }) => label);
    }

    function numberIn(text: string): number {
      return Number(/#(\d+)/.exec(text)?.[1]);
    }

    /** What a person is shown where a form opens: in the answer, or as a message on platforms without modals. */
    async function openForm(message: SeenMessage, label: string, where: Where = {}) {
      const known = await world.chat.messages(where);
      const gesture = await world.chat.press(message, label, where);
      expect(gesture.status).toBe(200);
      const form = gesture.form ?? (await world.chat.nextMessage(where, known)).card.form;
      if (form === null) throw new Error('no form opened');
      return form;
    }

    describe('talking', () => {
      it('help lists what the person may do, and leaves no audit row', async () => {
        const { text } = await world.ask('help', { as: 'ben' });
        expect(text).toContain('my tickets');
        expect(text).toContain('assign');
        expect((await world.ask('help', { as: 'dan' })).text).not.toContain('assign 1002');
        expect(await newRows()).toEqual([]);
      });

      it('asks back without an audit row: missing argument, near miss with a button, nonsense', async () => {
        expect((await world.ask('assign')).text).toMatch(/assign \d+ to me/);
        const suggestion = await world.ask('my tikets');
        expect(await labels(suggestion)).toContain('my tickets');
        const where = {};
        const pressed = await world.replyTo(where, () => world.chat.press(suggestion, 'my tickets', where));
        expect(pressed.text).toMatch(/tickets/i);
        expect((await world.ask('please make me a sandwich')).text).toContain('help');
        expect(await newRows()).toEqual([]);
      });

      it('understands mention forms, white space and capitals in a group and in a channel', async () => {
        for (const kind of ['group', 'channel'] as const) {
          const where: Where = { as: 'ben', place: { kind, name: `mentions ${kind}` } };
          expect((await world.ask('  WhoAmI  ', where)).text).toContain('Ben');
        }
      });

      it('answers a command gesture of the platform', async () => {
        const where: Where = { as: 'ben' };
        const known = await world.chat.messages(where);
        const gesture = await world.chat.command('whoami', where);
        expect(gesture.status).toBe(200);
        const shown = gesture.shown?.lines.map(({ text }) => text).join('\n');
        expect(shown ?? (await world.chat.nextMessage(where, known)).text).toContain('Ben');
      });

      it('answers long, right-to-left, emoji and control characters without harm', async () => {
        expect((await world.ask(`note 1001: ${'x'.repeat(30_000)}`)).text).toMatch(/too long/);
        const rtl = await world.ask(
          'new ticket \u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627 printer',
        );
        expect(rtl.text).toContain('\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627 printer');
        const shown = await world.ask(
          'new ticket \u202eevil\u0007 title \u{1F468}\u200D\u{1F4BB} & <b>bold</b> *x*',
        );
        expect(shown.text).toContain('evil title \u{1F468}\u200D\u{1F4BB} & <b>bold</b> *x*');
        expect(shown.text).not.toMatch(/[\u202e\u0007]/);
      });
    });

    describe('reading', () => {
      it('lists my tickets and gives ordinals to the person who saw them, and to nobody else', async () => {
        const { number } = await world.ticket({ title: 'Ordinal ticket', assigneeId: world.userId('ben') });
        const place = { kind: 'group' as const, name: 'ordinals' };
        expect((await world.ask('my tickets', { as: 'ben', place })).text).toContain('Ordinal ticket');
        expect((await world.ask('note 1: looked at it too', { as: 'cara', place })).text).toContain(
          'which list',
        );
        expect((await world.ask('note 1: looked at it', { as: 'ben', place })).text).toContain(`#${number}`);
        expect(await newRows()).toMatchObject([{ action: 'add_note', result: 'success' }]);
      });

      it('a list that a command or a menu showed counts for what is typed next', async () => {
        const { number } = await world.ticket({ title: 'From the menu', assigneeId: world.userId('cara') });
        await world.chat.command('my tickets', { as: 'cara' });
        expect((await world.ask('note 1: seen', { as: 'cara' })).text).toContain(`#${number}`);
      });

      it('opens a ticket by its number, with buttons', async () => {
        const { number } = await world.ticket({ title: 'Open me' });
        const card = await world.ask(`ticket ${number}`);
        expect(card.text).toContain('Open me');
        expect(await labels(card)).toContain('Assign to me');
      });

      it('finds no record of another tenant, not even by its id', async () => {
        const foreign = await world.ticket({ title: 'Globex secret' }, world.globex);
        const shown = await world.ask(`ticket ${foreign.ticketId}`);
        expect(shown.text).toMatch(/could not find/);
        expect(shown.text).not.toContain('Globex');
        expect((await world.ask(`assign ${foreign.ticketId} to me`)).text).toMatch(/could not find/);
        expect(await newRows()).toMatchObject([
          { result: 'failure', errorCode: 'not_found', targetId: null },
        ]);
        expect(await world.auditRows(world.globex)).toEqual([]);
      });

      it('speaks for the tenant that the organization is enrolled with', async () => {
        const where: Where = { as: 'ann', installation: world.globex.installation };
        const made = await world.ask('new ticket For Globex', where);
        expect(made.text).toContain('For Globex');
        expect(await newRows()).toEqual([]);
        expect(await world.auditRows(world.globex)).toMatchObject([{ action: 'create_ticket' }]);
      });
    });

    describe('acting', () => {
      it('every typed mutation is done once and audited once', async () => {
        const where: Where = { as: 'ann' };
        const number = numberIn((await world.ask('new ticket Printer on floor 3 is jammed', where)).text);
        expect(number).toBeGreaterThanOrEqual(1001);
        expect((await world.ask(`assign ${number} to me`, where)).text).toContain(`#${number}`);
        expect((await world.ask(`note ${number}: called back`, where)).text).toContain(`#${number}`);
        expect((await world.ask(`reply ${number}: we are on it`, where)).text).toContain('not delivered');
        expect((await world.ask(`status ${number} waiting`, where)).text).toMatch(/waiting/i);
        expect((await world.ask(`log 1h 30m on ${number}: cables`, where)).text).toContain('1h 30m');
        await world.approval('Buy a switch', 'ann');
        expect((await world.ask('my approvals', where)).text).toContain('Buy a switch');
        expect((await world.ask('approve 1: go ahead', where)).text).toContain('Buy a switch');
        await world.approval('Buy a router', 'ann');
        await world.ask('my approvals', where);
        expect((await world.ask('reject 1: too dear', where)).text).toContain('Buy a router');
        const rows = await newRows();
        expect(rows.map((row) => [row.action, row.surface, row.result, row.targetKind])).toEqual([
          ['create_ticket', 'bot', 'success', 'ticket'],
          ['assign_ticket', 'bot', 'success', 'ticket'],
          ['add_note', 'bot', 'success', 'ticket'],
          ['reply_to_contact', 'bot', 'success', 'ticket'],
          ['set_status', 'bot', 'success', 'ticket'],
          ['log_time', 'bot', 'success', 'ticket'],
          ['approval_response', 'bot', 'success', 'approval'],
          ['approval_response', 'bot', 'success', 'approval'],
        ]);
        const person = world.chat.people.find(({ key }) => key === 'ann');
        for (const row of rows) {
          expect(row).toMatchObject({
            platform: id,
            actorKind: 'user',
            actorUserId: world.userId('ann'),
            platformUserId: person?.platformUserId,
            payloadHash: expect.stringMatching(/^[0-9a-f]{64}$/),
          });
        }
        expect(await world.verifyAudit()).toMatchObject({ valid: true, fault: null });
      });

      it('refuses without the permission, and audits the denial', async () => {
        const { number } = await world.ticket({ title: 'Not for viewers' });
        expect((await world.ask(`assign ${number} to me`, { as: 'dan' })).text).toContain('permission');
        expect(await newRows()).toMatchObject([
          {
            action: 'assign_ticket',
            result: 'denied',
            errorCode: 'forbidden',
            actorUserId: world.userId('dan'),
          },
        ]);
      });

      it('a button acts once and brings its card up to date in place', async () => {
        const { number } = await world.ticket({ title: 'Press me' });
        const where: Where = { as: 'ben' };
        const card = await world.ask(`ticket ${number}`, where);
        const after = await world.replyTo(where, () => world.chat.press(card, 'Assign to me', where));
        expect(after).toMatchObject({ id: card.id, versions: 2 });
        expect(after.text).toContain('Ben');
        expect(await newRows()).toMatchObject([
          { action: 'assign_ticket', surface: 'card', result: 'success', actorUserId: world.userId('ben') },
        ]);
      });

      it('a double click and the later copies of a press do nothing more', async () => {
        const { number } = await world.ticket({ title: 'Press me twice' });
        const where: Where = { as: 'ben' };
        const card = await world.ask(`ticket ${number}`, where);
        const [first] = await Promise.all([
          world.chat.press(card, 'Assign to me', where),
          world.chat.press(card, 'Assign to me', where),
        ]);
        await first.repeat('same');
        await first.repeat('later');
        expect((await newRows()).filter(({ result }) => result === 'success')).toHaveLength(1);
      });

      it("somebody else's use of a spent button gets a fresh card and changes nothing", async () => {
        const { number } = await world.ticket({ title: 'Only one of you' });
        const place = { kind: 'group' as const, name: 'stale' };
        const card = await world.ask(`ticket ${number}`, { as: 'ben', place });
        await world.replyTo({ as: 'ben', place }, () =>
          world.chat.press(card, 'Assign to me', { as: 'ben', place }),
        );
        const rows = await newRows();
        // The old card as somebody else still sees it.
        const late = await world.replyTo({ as: 'cara', place }, () =>
          world.chat.press(card, 'Assign to me', { as: 'cara', place }),
        );
        expect(late.text).toContain('Only one of you');
        expect((await newRows()).slice(rows.length)).toMatchObject([
          { result: 'failure', errorCode: 'stale_card', actorUserId: world.userId('cara') },
        ]);
      });

      it('a refused press in a group leaves the card to those who may press it', async () => {
        const { number } = await world.ticket({ title: 'Hands off' });
        const place = { kind: 'group' as const, name: 'refusals' };
        const card = await world.ask(`ticket ${number}`, { as: 'ben', place });
        for (const as of ['dan', 'eve']) {
          expect((await world.chat.press(card, 'Assign to me', { as, place })).status).toBe(200);
          expect((await world.chat.press(card, 'Add note', { as, place })).status).toBe(200);
        }
        const [still] = (await world.chat.messages({ as: 'ben', place })).filter(
          ({ id: one }) => one === card.id,
        );
        expect(still).toMatchObject({ versions: 1 });
        expect(await labels(still ?? card)).toContain('Assign to me');
        expect((await newRows()).map(({ result }) => result)).toEqual(['denied', 'denied']);
        const done = await world.replyTo({ as: 'ben', place }, () =>
          world.chat.press(card, 'Assign to me', { as: 'ben', place }),
        );
        expect(done).toMatchObject({ id: card.id, versions: 2 });
      });

      it('a form opens from a card, shows its faults, and acts when it is right', async () => {
        const { number } = await world.ticket({ title: 'Fill me in' });
        const where: Where = { as: 'ben' };
        const card = await world.ask(`ticket ${number}`, where);
        const form = await openForm(card, 'Log time', where);
        expect(form.fields.map(({ name }) => name)).toContain('duration');
        const refused = await world.chat.submit(form, { duration: 'a while' }, where);
        const again = refused.form ?? refused.replaced?.card.form ?? null;
        expect(again).not.toBeNull();
        expect(JSON.stringify(again?.fields)).toMatch(/30m|90m|duration|hour/i);
        const known = await world.chat.messages(where);
        const done = await world.chat.submit(again ?? form, { duration: '45m', note: 'cables' }, where);
        expect(done.status).toBe(200);
        const shown = done.shown?.lines.map(({ text }) => text).join('\n') ?? done.replaced?.text ?? '';
        expect(shown).toContain('45m');
        expect((await world.chat.nextMessage(where, known)).text).toContain(`#${number}`);
        const rows = await newRows();
        expect(rows.map(({ action, surface, result }) => [action, surface, result])).toEqual([
          ['log_time', 'quick_action', 'failure'],
          ['log_time', 'quick_action', 'success'],
        ]);
      });

      it('a ticket is made from a message, with what it said', async () => {
        const where: Where = { as: 'ben' };
        const known = await world.chat.messages(where);
        const message = { text: 'The VPN is down\nSince nine, for everybody.', author: 'Olivia Ortega' };
        const gesture = await world.chat.fromMessage('create_ticket', message, where);
        expect(gesture.status).toBe(200);
        if (gesture.form === null) {
          expect((await world.chat.nextMessage(where, known)).text).toContain('The VPN is down');
        } else {
          expect(gesture.form.fields.find(({ name }) => name === 'title')?.value).toBe('The VPN is down');
          const done = await world.chat.submit(gesture.form, {}, where);
          expect(done.shown?.lines.map(({ text }) => text).join('\n')).toContain('The VPN is down');
        }
        expect(await newRows()).toMatchObject([
          { action: 'create_ticket_from_message', result: 'success', targetKind: 'ticket' },
        ]);
      });

      it.runIf(capabilities.messageShortcut)('a message is added to a ticket', async () => {
        const { number } = await world.ticket({ title: 'Gets a message' });
        const where: Where = { as: 'ben' };
        const message = { text: 'It works again', author: 'Olivia Ortega' };
        const gesture = await world.chat.fromMessage('update_ticket', message, where);
        if (gesture.form === null) throw new Error('no form opened');
        const done = await world.chat.submit(gesture.form, { ticket: String(number) }, where);
        expect(done.shown?.lines.map(({ text }) => text).join('\n')).toContain(`#${number}`);
        expect(await newRows()).toMatchObject([{ action: 'update_from_message', result: 'success' }]);
      });

      it.runIf(capabilities.home)(
        'the home page shows my tickets and approvals, and its buttons act',
        async () => {
          await world.ticket({ title: 'On my home page', assigneeId: world.userId('cara') });
          const home = await world.chat.openHome({ as: 'cara' });
          expect(home?.lines.map(({ text }) => text).join('\n')).toContain('On my home page');
          expect(await newRows()).toEqual([]);
        },
      );
    });

    describe('repeating', () => {
      it('a redelivered command is done once and answered once', async () => {
        const where: Where = { as: 'ben' };
        const known = await world.chat.messages(where);
        const gesture = await world.chat.say('new ticket Only once please', where);
        await world.chat.nextMessage(where, known);
        const repeated = await Promise.all([gesture.repeat(), gesture.repeat(), gesture.repeat('later')]);
        expect(repeated.map(({ status }) => status)).toEqual([200, 200, 200]);
        expect(await newRows()).toHaveLength(1);
        const about = (await world.chat.messages(where)).filter(({ text }) =>
          text.includes('Only once please'),
        );
        expect(about).toHaveLength(1);
      });

      it('ignores bots, its own echoes, edits, deletions and joins, and claims nothing by them', async () => {
        const where: Where = { as: 'ben' };
        const receipts = () =>
          world.running.services.database.maintenance.query(
            'select event_key from receipts order by receipt_id',
          );
        const before = [await receipts(), await world.chat.messages(where)];
        for (const kind of ['bot', 'echo', 'edit', 'deletion', 'join'] as const) {
          expect((await world.chat.noise(kind, where)).status).toBe(200);
        }
        expect([await receipts(), await world.chat.messages(where)]).toEqual(before);
        expect(await newRows()).toEqual([]);
      });
    });

    describe('coming and going', () => {
      it('greets once, however often it is installed, and remembers a removal', async () => {
        const where: Where = { as: 'cara', place: { kind: 'group', name: 'greetings' } };
        const known = await world.chat.messages(where);
        await world.chat.install(where);
        const greeting = await world.chat.nextMessage(where, known);
        expect(greeting.text).toContain('Deskbridge');
        await world.chat.install(where);
        await world.chat.uninstall(where);
        const state = async () => {
          const { body } = await world.api('GET', '/conversations?limit=200');
          const items = body.items as { platform_conversation_id: string; state: string }[];
          return items.find((each) => each.platform_conversation_id === greeting.conversation)?.state;
        };
        expect(await state()).toBe('retired');
        await world.chat.install(where);
        expect(await state()).toBe('active');
        expect((await world.ask('whoami', where)).text).toContain('Cara');
        const seen = await world.chat.messages(where);
        expect(seen.filter(({ text }) => text === greeting.text)).toHaveLength(1);
      });

      it('shows an unlinked person a code that an administrator redeems; the attempt is audited without an actor', async () => {
        const where: Where = { as: 'eve' };
        const refused = await world.ask('new ticket Hello', where);
        const code = linkCode.exec(refused.text)?.[0] ?? '';
        expect(code).not.toBe('');
        expect(await newRows()).toMatchObject([
          { action: 'create_ticket', result: 'denied', errorCode: 'not_linked', actorUserId: null },
        ]);
        const redeemed = await world.api('POST', '/links/redeem', { code, user_id: world.userId('cara') });
        expect(redeemed.status).toBe(201);
        expect((await world.ask('whoami', where)).text).toContain('Cara');
        const twice = await world.api('POST', '/links/redeem', { code, user_id: world.userId('cara') });
        expect(twice.status).toBe(404);
      });

      it('shows no code in a group', async () => {
        const where: Where = {
          as: 'eve',
          installation: world.globex.installation,
          place: { kind: 'group', name: 'strangers' },
        };
        expect((await world.ask('my tickets', where)).text).not.toMatch(linkCode);
      });

      it('links by a code that an administrator made', async () => {
        const user = await world.api('POST', '/users', {
          name: 'Eve Other',
          email: 'eve.other@acme.test',
          roles: ['technician'],
        });
        const made = await world.api('POST', `/users/${String(user.body.user_id)}/link-codes`, {});
        expect(made.status).toBe(201);
        expect((await world.ask(`link ${String(made.body.code)}`, { as: 'dan' })).text).not.toMatch(linkCode);
      });
    });

    describe('the doctor', () => {
      it('passes what works, names the rest with a remedy, and tells no secret', async () => {
        await world.ask('help', { as: 'ben' });
        const path = `/registrations/${world.acme.registrationId}/doctor`;
        const examine = async () => await world.api('GET', path);
        // The reply is recorded a moment after it is seen.
        await expect.poll(async () => JSON.stringify((await examine()).body)).toContain('was accepted');
        const { status, body } = await examine();
        expect(status).toBe(200);
        const checks = body.checks as { step: string; status: string; detail: string; remedy?: string }[];
        const failed = checks.filter((check) => check.status === 'fail').map(({ step }) => step);
        // The test's own address is not https.
        expect(failed).toEqual(['endpoint']);
        expect(checks.map(({ step }) => step)).toEqual(
          expect.arrayContaining([
            'status',
            'credentials',
            'token',
            'bot_id',
            'manifest',
            'reference',
            'reply',
          ]),
        );
        for (const step of ['status', 'credentials', 'token', 'reference', 'reply']) {
          expect(checks.find((check) => check.step === step)).toMatchObject({ status: 'pass' });
        }
        for (const check of checks.filter((each) => ['warn', 'fail'].includes(each.status))) {
          expect(check.remedy).toEqual(expect.stringMatching(/\w/));
        }
        const secrets = Object.values(world.harness.installations[0]?.credentials ?? {}).map(String);
        for (const secret of secrets) expect(JSON.stringify(body)).not.toContain(secret);
      });

      it('fails with wrong secrets', async () => {
        const broken = Object.fromEntries(
          Object.entries(world.harness.installations[1]?.credentials ?? {}).map(([name, value]) => [
            name,
            `${String(value)}-wrong`,
          ]),
        );
        const path = `/registrations/${world.globex.registrationId}`;
        const patched = await world.api('PATCH', path, { credentials: broken }, 'globex');
        expect(patched.status).toBe(200);
        const { body } = await world.api('GET', `${path}/doctor`, undefined, 'globex');
        expect(body.status).toBe('fail');
        const checks = body.checks as { step: string; status: string }[];
        expect(checks.find(({ step }) => step === 'token')?.status).toMatch(/fail|warn/);
      });
    });

    describe('languages', () => {
      it('answers Chinese words in Chinese and English words in English, with full-width digits too', async () => {
        const { number } = await world.ticket({ title: 'Zweisprachig' });
        const wide = String(number).replace(/\d/g, (digit) =>
          String.fromCharCode(digit.charCodeAt(0) + 0xfee0),
        );
        const where: Where = { as: 'ben' };
        const list = await world.ask('我的工单', where);
        expect(list.text).toMatch(/[\u4e00-\u9fff]/);
        const assigned = await world.ask(`分配 ${wide} 给我`, where);
        expect(assigned.text).toContain(`#${number}`);
        expect(assigned.text).toMatch(/[\u4e00-\u9fff]/);
        expect((await world.ask('my tickets', where)).text).not.toMatch(/[\u4e00-\u9fff]/);
        expect(await newRows()).toMatchObject([{ action: 'assign_ticket', result: 'success' }]);
      });

      it("keeps to the person's setting once there is one", async () => {
        const where: Where = { as: 'cara' };
        await world.ask('语言 中文', where);
        expect((await world.ask('my tickets', where)).text).toMatch(/[\u4e00-\u9fff]/);
        await world.ask('language en', where);
        expect((await world.ask('我的工单', where)).text).not.toMatch(/[\u4e00-\u9fff]/);
      });
    });
  },
);
