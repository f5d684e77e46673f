/** A day in the chat, over the authenticated platform: commands, cards, forms, searches, and the audit behind them. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { buttonsOf, cardOf, channel, createPerson, groupChat } from '../../bots/teams/simulator/index.ts';
import { type Gateway, readable, startGateway, textOf } from '../support/gateway.ts';

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

let audited = 0;
beforeEach(async () => {
  audited = (await gateway.auditRows()).length;
});

/** Audit rows since the test began. */
async function newRows() {
  return (await gateway.auditRows()).slice(audited);
}

describe('commands', () => {
  it('help lists what the person may do, and leaves no audit row', async () => {
    const text = textOf(await gateway.ask('help', { as: 'ben' }));
    expect(text).toContain('my tickets');
    expect(text).toContain('assign');
    expect(textOf(await gateway.ask('help', { as: 'dan' }))).not.toContain('assign 1002');
    expect(await newRows()).toEqual([]);
  });

  it('new ticket makes one and says its number and title; the audit has exactly one row', async () => {
    const text = textOf(await gateway.ask('new ticket Printer on floor 3 is jammed'));
    const number = /#(\d+)/.exec(text)?.[1];
    expect(Number(number)).toBeGreaterThanOrEqual(1001);
    expect(text).toContain('Printer on floor 3 is jammed');
    expect(await newRows()).toMatchObject([
      {
        action: 'create_ticket',
        surface: 'bot',
        platform: 'teams',
        result: 'success',
        errorCode: null,
        targetKind: 'ticket',
        actorKind: 'user',
        actorUserId: gateway.users.get('ann'),
        payloadHash: expect.stringMatching(/^[0-9a-f]{64}$/),
      },
    ]);
    expect(await gateway.verifyAudit()).toMatchObject({ valid: true, fault: null });
  });

  it('a list gives ordinals to the person who saw it, and to nobody else', async () => {
    const { number } = await gateway.ticket({
      title: 'Ordinal ticket',
      assigneeId: gateway.users.get('ben') ?? null,
    });
    const list = textOf(await gateway.ask('my tickets', { as: 'ben' }));
    expect(list).toContain('Ordinal ticket');
    expect(textOf(await gateway.ask('note 1: looked at it', { as: 'ben' }))).toContain(`#${number}`);
    const asked = textOf(await gateway.ask('note 1: looked at it too', { as: 'cara' }));
    expect(asked).toContain('which list');
    expect(await newRows()).toMatchObject([{ action: 'add_note', result: 'success' }]);
  });

  it('an ordinal in a group belongs to the person, not to the group', async () => {
    const other = await startGateway({ settings: { group_chat: true } });
    try {
      await other.ticket({ title: 'Of ben', assigneeId: other.users.get('ben') ?? null });
      await other.ticket({ title: 'Of cara', assigneeId: other.users.get('cara') ?? null });
      const conversation = groupChat('ops');
      await other.ask('my tickets', { as: 'ben', conversation });
      const asked = textOf(await other.ask('log 30m on 1', { as: 'cara', conversation }));
      expect(asked).toContain('which list');
      await other.ask('my tickets', { as: 'cara', conversation });
      await other.ask('log 30m on 1', { as: 'cara', conversation });
      const rows = await other.auditRows();
      expect(rows).toMatchObject([
        { action: 'log_time', result: 'success', actorUserId: other.users.get('cara') },
      ]);
    } finally {
      await other.close();
    }
  });

  it('assigns, notes, replies, changes the status and logs time', async () => {
    const { number } = await gateway.ticket({ title: 'All at once' });
    expect(textOf(await gateway.ask(`assign ${number} to me`))).toContain(`#${number}`);
    expect(textOf(await gateway.ask(`note ${number}: called back`))).toContain(`#${number}`);
    expect(textOf(await gateway.ask(`reply ${number}: we are on it`))).toContain('not delivered');
    expect(textOf(await gateway.ask(`status ${number} waiting`))).toMatch(/waiting/i);
    expect(textOf(await gateway.ask(`log 1h 30m on ${number}: cables`))).toContain('1h 30m');
    expect((await newRows()).map((row) => [row.action, row.result])).toEqual([
      ['assign_ticket', 'success'],
      ['add_note', 'success'],
      ['reply_to_contact', 'success'],
      ['set_status', 'success'],
      ['log_time', 'success'],
    ]);
  });

  it('an approval is answered once, by its approver', async () => {
    await gateway.approval('Buy a switch', 'ann');
    expect(textOf(await gateway.ask('my approvals'))).toContain('Buy a switch');
    expect(textOf(await gateway.ask('approve 1: go ahead'))).toContain('Buy a switch');
    await gateway.ask('approve 1');
    expect((await newRows()).map((row) => [row.action, row.result, row.errorCode])).toEqual([
      ['approval_response', 'success', null],
      ['approval_response', 'failure', 'conflict'],
    ]);
  });

  it('asks back without an audit row: missing argument, near miss, nonsense', async () => {
    expect(textOf(await gateway.ask('assign'))).toMatch(/assign \d+ to me/);
    const suggestion = await gateway.ask('my tikets');
    expect(textOf(suggestion)).toContain('my tickets');
    expect(buttonsOf(cardOf(suggestion.activity) ?? {}).map((button) => button.title)).toContain(
      'my tickets',
    );
    expect(textOf(await gateway.ask('please make me a sandwich'))).toContain('help');
    expect(await newRows()).toEqual([]);
  });

  it('refuses without the permission, and audits the denial', async () => {
    const { number } = await gateway.ticket({ title: 'Not for viewers' });
    expect(textOf(await gateway.ask(`assign ${number} to me`, { as: 'dan' }))).toContain('permission');
    expect(await newRows()).toMatchObject([
      {
        action: 'assign_ticket',
        result: 'denied',
        errorCode: 'forbidden',
        actorUserId: gateway.users.get('dan'),
      },
    ]);
  });

  it('a missing ticket is not found, with one row', async () => {
    expect(textOf(await gateway.ask('assign 999999 to me'))).toMatch(/could not find/);
    expect(await newRows()).toMatchObject([{ result: 'failure', errorCode: 'not_found', targetId: null }]);
  });

  it('100,000 characters, control and bidi characters do no harm', async () => {
    expect(textOf(await gateway.ask(`note 1001: ${'x'.repeat(100_000)}`))).toMatch(/too long/);
    const shown = textOf(
      await gateway.ask('new ticket \u202eevil\u0000\u0007 title \u{1F468}\u200D\u{1F4BB}'),
    );
    expect(shown).toContain('evil title \u{1F468}\u200D\u{1F4BB}');
    expect(shown).not.toMatch(/[\u202e\u0000\u0007]/);
  });
});

describe('linking', () => {
  it('shows an unlinked person a code that an administrator redeems; the attempt leaves a row without an actor', async () => {
    const by = { as: 'eve' };
    const refused = textOf(await gateway.ask('new ticket Hello', by));
    const code = /[0-9A-Z]{4}-[0-9A-Z]{4}/.exec(refused)?.[0] ?? '';
    expect(code).not.toBe('');
    expect(await newRows()).toMatchObject([
      { action: 'create_ticket', result: 'denied', errorCode: 'not_linked', actorUserId: null },
    ]);
    const { database, linkCodes } = gateway.running.services;
    const now = new Date();
    const userId = gateway.users.get('cara') ?? '';
    await database.inTenant(gateway.tenantId, (tx) => linkCodes.redeemForUser(tx, code, userId, now));
    expect(textOf(await gateway.ask('whoami', by))).toContain('Cara');
    await expect(
      database.inTenant(gateway.tenantId, (tx) => linkCodes.redeemForUser(tx, code, userId, now)),
    ).rejects.toMatchObject({ code: 'not_found' });
  });

  it('shows no code where it could reach somebody else: a search, a pasted link, a group', async () => {
    const by = { as: createPerson('fay', 'Fay Fox') };
    const code = /[0-9A-Z]{4}-[0-9A-Z]{4}/;
    const { publicUrl } = gateway.running.services;
    const url = `${publicUrl}/t/acme/tickets/1001`;
    const answers = [
      await gateway.simulator.search('printer', by),
      await gateway.simulator.invoke('composeExtension/queryLink', { url }, by),
    ];
    for (const answer of answers) {
      expect(answer.status).toBe(200);
      expect(JSON.stringify(answer.body)).not.toMatch(code);
    }
    expect(textOf(await gateway.ask('my tickets', { ...by, conversation: groupChat('others') }))).not.toMatch(
      code,
    );
    expect(textOf(await gateway.ask('my tickets', by))).toMatch(code);
  });

  it("a deactivated user's links stop at once", async () => {
    const { database } = gateway.running.services;
    const userId = gateway.users.get('cara');
    const setStatus = (status: string) =>
      database.maintenance.execute('update users set status = $2 where user_id = $1', [userId, status]);
    await setStatus('deactivated');
    expect(textOf(await gateway.ask('my tickets', { as: 'cara' }))).toMatch(/[0-9A-Z]{4}-[0-9A-Z]{4}/);
    await setStatus('active');
  });
});

describe('cards', () => {
  it('a button mutates, updates its card in place, and a second press changes nothing', async () => {
    const { number } = await gateway.ticket({ title: 'Press me' });
    const card = await gateway.ask(`ticket ${number}`);
    const pressed = cardOf(card.activity);
    const first = await gateway.simulator.pressButton(card, 'Assign to me');
    expect(readable(first.body).join(' ')).toContain(`#${number}`);
    expect(
      gateway.simulator.oracle.find(card.conversationId, card.id)?.history.map(({ kind }) => kind),
    ).toEqual(['post', 'answer']);
    const again = { ...card, activity: { ...card.activity, attachments: [attachment(pressed)] } };
    const second = await gateway.simulator.pressButton(again, 'Assign to me');
    expect(second.body).toEqual(first.body);
    expect(await newRows()).toMatchObject([{ action: 'assign_ticket', surface: 'card', result: 'success' }]);
  });

  it("somebody else's press of a used card is stale, and shows the record as it is now", async () => {
    const { number } = await gateway.ticket({ title: 'Stale one' });
    const card = await gateway.ask(`ticket ${number}`);
    const copy = { ...card, activity: structuredClone(card.activity) };
    await gateway.simulator.pressButton(card, 'Assign to me');
    const stale = await gateway.simulator.pressButton(copy, 'Assign to me', { as: 'ben' });
    expect(stale.status).toBe(200);
    const shown = readable(stale.body).join(' ');
    expect(shown).toContain('Stale one');
    expect(shown).toContain('out of date');
    expect((await newRows()).map((row) => [row.result, row.errorCode])).toEqual([
      ['success', null],
      ['failure', 'stale_card'],
    ]);
  });

  it('a forged nonce does nothing', async () => {
    const { ticketId, number } = await gateway.ticket({ title: 'Forged' });
    const data = {
      deskbridge: {
        do: 'action',
        action: 'assign_ticket',
        input: { ticket: ticketId, assignee: 'me' },
        nonce: 'AAAA.BBBB',
      },
    };
    const answer = await gateway.simulator.invoke('adaptiveCard/action', {
      action: { type: 'Action.Execute', verb: 'assign_ticket', data },
    });
    expect(answer.status).toBe(200);
    expect(readable(answer.body).join(' ')).toContain('out of date');
    expect(await newRows()).toMatchObject([{ result: 'failure', errorCode: 'stale_card' }]);
    expect(textOf(await gateway.ask(`ticket ${number}`))).toContain('Nobody yet');
  });

  it('a form opens prefilled, comes back with its faults, and saves once', async () => {
    const { number } = await gateway.ticket({ title: 'With a form' });
    const card = await gateway.ask(`ticket ${number}`);
    const opened = await gateway.simulator.pressButton(card, 'Log time');
    const form = dialogCard(opened.body);
    const refused = await gateway.simulator.submitDialog(
      form,
      { duration: 'a while' },
      { cardMessageId: card.id },
    );
    expect(readable(refused.body).join(' ')).toMatch(/1h 30m/);
    const saved = await gateway.simulator.submitDialog(form, { duration: '45m' }, { cardMessageId: card.id });
    expect(readable(saved.body).join(' ')).toContain('45m');
    const repeated = await gateway.simulator.submitDialog(
      form,
      { duration: '45m' },
      { cardMessageId: card.id },
    );
    expect(repeated.body).toEqual(saved.body);
    expect((await newRows()).map((row) => [row.action, row.surface, row.result, row.errorCode])).toEqual([
      ['log_time', 'quick_action', 'failure', 'validation_error'],
      ['log_time', 'quick_action', 'success', null],
    ]);
    await gateway.simulator.oracle.waitFor(
      (message) => message.id === card.id && message.history.some(({ kind }) => kind === 'update'),
    );
  });
});

describe('message extensions', () => {
  it('searches tickets, approvals and contacts, with pages', async () => {
    await gateway.ticket({ title: 'Searchable zebra' });
    const answer = await gateway.simulator.search('zebra');
    expect(answer.status).toBe(200);
    expect(JSON.stringify(answer.body)).toContain('Searchable zebra');
    expect((await gateway.simulator.search('')).status).toBe(200);
    expect(JSON.stringify((await gateway.simulator.search('zebra', { skip: 25 })).body)).not.toContain(
      'Searchable',
    );
  });

  it('makes a ticket from a message, with a link back to it', async () => {
    const message = {
      id: '1700000000001',
      body: { contentType: 'html', content: '<div>The <b>coffee</b> machine leaks</div>' },
      from: { user: { displayName: 'Olivia' } },
      linkToMessage: 'https://teams.microsoft.com/l/message/19:x/1700000000001',
    };
    const opened = await gateway.simulator.openCommand('createTicketFromMessage', message);
    const form = dialogCard(opened.body);
    expect(JSON.stringify(form)).toContain('coffee');
    const saved = await gateway.simulator.submitDialog(
      form,
      { title: 'Coffee machine leaks' },
      { commandId: 'createTicketFromMessage' },
    );
    expect(saved.status).toBe(200);
    expect(readable(saved.body).join(' ')).toContain('Coffee machine leaks');
    expect(await newRows()).toMatchObject([{ action: 'create_ticket_from_message', result: 'success' }]);
  });

  it('unfurls a link to a ticket', async () => {
    const { number } = await gateway.ticket({ title: 'Unfurled' });
    await gateway.ask(`note ${number}: between us`);
    expect(textOf(await gateway.ask(`ticket ${number}`))).toContain('between us');
    const { publicUrl } = gateway.running.services;
    const answer = await gateway.simulator.invoke('composeExtension/queryLink', {
      url: `${publicUrl}/t/acme/tickets/${number}`,
    });
    expect(JSON.stringify(answer.body)).toContain('Unfurled');
    // The card may be sent to anybody.
    expect(JSON.stringify(answer.body)).not.toContain('between us');
    expect(JSON.stringify((await gateway.simulator.search('Unfurled')).body)).not.toContain('between us');
    const foreign = await gateway.simulator.invoke('composeExtension/queryLink', {
      url: 'https://example.test/t/acme/tickets/1001',
    });
    expect(foreign.status).toBe(200);
    expect(JSON.stringify(foreign.body)).not.toContain('Unfurled');
  });

  it.each(['composeExtension/anonymousQueryLink', 'fileConsent/invoke', 'signin/verifyState', 'made/up'])(
    'answers %s with 501',
    async (name) => {
      expect((await gateway.simulator.invoke(name, {})).status).toBe(501);
    },
  );
});

describe('installation and silence', () => {
  it('greets once however often the install is reported', async () => {
    const by = { as: 'eve', conversation: { type: 'personal' as const, id: 'a:greet-me' } };
    await gateway.simulator.install(by);
    await gateway.simulator.install(by);
    const greeting = await gateway.simulator.oracle.waitFor(
      (message) => message.conversationId === 'a:greet-me',
    );
    expect(textOf(greeting)).toContain('Deskbridge');
    await gateway.ask('help', by);
    expect(gateway.simulator.oracle.visible('a:greet-me')).toHaveLength(2);
  });

  it('retires the reference at the removal, and revives it at the next message', async () => {
    const by = { as: 'ben', conversation: { type: 'personal' as const, id: 'a:leave-me' } };
    const state = async () => {
      const rows = await gateway.running.services.database.maintenance.query<{
        state: string;
        retired_reason: string;
      }>("select state, retired_reason from conversations where platform_conversation_id = 'a:leave-me'");
      return rows[0];
    };
    await gateway.ask('help', by);
    await gateway.simulator.uninstall(by);
    expect(await state()).toEqual({ state: 'retired', retired_reason: 'uninstalled' });
    await gateway.ask('help', by);
    expect(await state()).toEqual({ state: 'active', retired_reason: null });
  });

  it.each(['messageReaction', 'messageUpdate', 'messageDelete', 'typing', 'endOfConversation'])(
    'ignores %s without a receipt',
    async (type) => {
      const { database } = gateway.running.services;
      const count = () => database.maintenance.query('select count(*) from receipts');
      const before = await count();
      expect((await gateway.simulator.other(type, { text: 'new ticket No' })).status).toBe(200);
      expect(await count()).toEqual(before);
      expect(await newRows()).toEqual([]);
    },
  );

  it('does not speak in groups unless the tenant wants it', async () => {
    const conversation = channel('general');
    const text = textOf(await gateway.ask('new ticket In a channel', { conversation }));
    expect(text).toContain('direct messages');
    expect(await newRows()).toMatchObject([{ result: 'denied', errorCode: 'surface_disabled' }]);
  });
});

function attachment(content: unknown) {
  return { contentType: 'application/vnd.microsoft.card.adaptive', content: content as never };
}

/** The card of a dialog in an invoke's answer. */
function dialogCard(body: unknown) {
  const card = (body as { task?: { value?: { card?: { content?: unknown } } } })?.task?.value?.card?.content;
  if (typeof card !== 'object' || card === null) throw new Error(`no dialog in ${JSON.stringify(body)}`);
  return card as Parameters<Gateway['simulator']['submitDialog']>[0];
}
