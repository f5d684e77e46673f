/** Actions on tickets, on a real database: what they find, what they ask back, what they write. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Actor, AskBack } from '../../../src/actions/define-action.ts';
import { createCommandParser } from '../../../src/actions/parse-command.ts';
import { actions } from '../../../src/actions/registry.ts';
import { runAction } from '../../../src/actions/run-action.ts';
import { listNotes } from '../../../src/desk/note-queries.ts';
import { findTicket } from '../../../src/desk/ticket-queries.ts';
import { createClient } from '../../../src/desk/upsert-client.ts';
import type { Database } from '../../../src/infra/database.ts';
import type { Button } from '../../../src/kernel/message.ts';
import { languages } from '../../../src/words/index.ts';
import { now, openDesk, outcomeCode, silent, TestTenant } from '../desk/desk-fixture.ts';

let database: Database;
let close: () => Promise<void>;
let tenant: TestTenant;
let ann: Actor;

const parser = createCommandParser(actions, languages);

beforeAll(async () => {
  ({ database, close } = await openDesk());
});
afterAll(() => close());
beforeEach(async () => {
  tenant = await TestTenant.create(database);
  ann = await tenant.person('Ann Smith');
});

const client = (name: string) => tenant.within((tx) => createClient(tx, { name }, now));
const api = { surface: 'api' as const };

/** The question that the work ends in. */
async function questionOf(work: Promise<unknown>): Promise<AskBack> {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (error instanceof AskBack) return error;
  throw error ?? new Error('nothing was asked');
}

/** Runs what was typed, or stands behind a button. */
function type(text: string, by: Actor = ann) {
  const parsed = parser.parse(text, 'en');
  if (parsed.kind !== 'command') throw new Error(`${text}: ${parsed.kind}`);
  return tenant.run(by, parsed.action, parsed.input);
}

function commandsOf(buttons: Button[] | undefined): string[] {
  return (buttons ?? []).map((button) => (button.kind === 'command' ? button.text : button.kind));
}

test('a new ticket is answered with its number and title, and is a record for programs', async () => {
  await client('Contoso');
  const result = await type('new ticket Laptop does not start for contoso\nSince this morning');
  expect(result.message.title).toContain('#1001');
  expect(result.message.text).toContain('Laptop does not start');
  expect(result.items).toMatchObject([
    {
      number: 1001,
      title: 'Laptop does not start',
      description: 'Since this morning',
      client: 'Contoso',
      created_by: ann.userId,
      created_at: now.toISOString(),
      url: 'https://desk.test/t/acme/tickets/1001',
    },
  ]);
  expect(result.target).toMatchObject({ kind: 'ticket' });
  expect(await tenant.eventTypes()).toEqual(['ticket_created']);
});

test('a client that does not exist is not found, so that the parser can read its words as title', async () => {
  const work = tenant.run(ann, 'create_ticket', { title: 'Waiting', client: 'a week' });
  await expect(work).rejects.toMatchObject({ code: 'not_found', fields: [{ path: 'client' }] });
  expect(await tenant.eventTypes()).toEqual([]);
  expect((await tenant.ticket()).number).toBe(1001);
});

test('words behind "for" that name no client belong to the title', async () => {
  const text = 'new ticket Waiting for a spare part';
  const parsed = parser.parse(text, 'en');
  const definition = actions.find((action) => action.id === 'create_ticket');
  if (parsed.kind !== 'command' || definition === undefined) throw new Error('no command');
  const { input, alternative } = parsed;
  const policy = { allowedActions: null, surfaces: null, groupChat: false };
  const outcome = await tenant.within((tx) =>
    runAction(tenant.context(tx, ann), { definition, input, alternative }, policy, silent),
  );
  expect(outcome).toMatchObject({
    kind: 'done',
    result: { items: [{ number: 1001, title: 'Waiting for a spare part', client: null }] },
    attempt: { result: 'success', payload: { action: 'create_ticket', target: { kind: 'ticket' } } },
  });
});

test('an ambiguous client is asked back with commands that mean exactly one', async () => {
  await client('Contoso East');
  await client('Contoso West');
  await client('Fabrikam');
  const question = await questionOf(type('new ticket Printer for cont\nPaper jam'));
  expect(question.code).toBe('ambiguous');
  const commands = commandsOf(question.question.buttons);
  expect(commands).toEqual([
    'new ticket Printer for Contoso East\nPaper jam',
    'new ticket Printer for Contoso West\nPaper jam',
  ]);
  expect((await type(commands[1] ?? '')).items).toMatchObject([
    { title: 'Printer', client: 'Contoso West', description: 'Paper jam' },
  ]);
});

test('clients of one name are told apart by their ids', async () => {
  await client('Contoso');
  const second = await client('Contoso');
  const question = await questionOf(type('new ticket Printer for Contoso'));
  const wanted = commandsOf(question.question.buttons).find((text) => text.includes(second.clientId));
  expect((await type(wanted ?? '')).items).toMatchObject([{ client_id: second.clientId, title: 'Printer' }]);
});

test('texts are bounded and cleaned, and unknown fields refused', async () => {
  const create = (input: object) => tenant.run(ann, 'create_ticket', input);
  await expect(create({ title: 'x'.repeat(201) })).rejects.toThrow();
  await expect(create({ title: ' \u202e ' })).rejects.toThrow();
  await expect(create({ title: 'Fine', description: 'x'.repeat(4001) })).rejects.toThrow();
  await expect(create({ title: 'Fine', colour: 'red' })).rejects.toThrow();
  const result = await create({ title: ' Ab\u0000c \u202e d ', description: 'one\r\ntwo', client: '' });
  expect(result.items).toMatchObject([{ title: 'Abc d', description: 'one\ntwo', client: null }]);
});

test('a ticket of another tenant is not found, by whatever name', async () => {
  const other = await TestTenant.create(database);
  const foreign = await other.ticket();
  for (const ticket of [foreign.ticketId, `#${foreign.number}`, String(foreign.number)]) {
    expect(await outcomeCode(tenant.run(ann, 'assign_ticket', { ticket }))).toBe('not_found');
    expect(await outcomeCode(tenant.run(ann, 'open_record', { ticket }))).toBe('not_found');
  }
  expect(await outcomeCode(tenant.run(ann, 'add_note', { ticket: foreign.ticketId, note: 'x' }))).toBe(
    'not_found',
  );
});

test('an ordinal means the list that this person saw here within 30 minutes', async () => {
  const bob = await tenant.person('Bob');
  const [first, second] = [await tenant.ticket(), await tenant.ticket()];
  await tenant.hasSeen(ann, 'ticket', [second.ticketId, first.ticketId]);
  await tenant.hasSeen(bob, 'ticket', [first.ticketId]);
  await type('assign 1 to me');
  await type('assign 1 to me', bob);
  const assignees = async () =>
    Promise.all(
      [first, second].map(
        async ({ ticketId }) => (await tenant.within((tx) => findTicket(tx, ticketId)))?.assigneeName,
      ),
    );
  expect(await assignees()).toEqual(['Bob', 'Ann Smith']);

  const outOfRange = await questionOf(type('assign 2 to me', bob));
  expect(outOfRange.code).toBe('validation_error');
  const stranger = await tenant.person('Cid');
  expect(commandsOf((await questionOf(type('assign 1 to me', stranger))).question.buttons)).toEqual([
    'my tickets',
  ]);
  const later = { now: new Date(now.getTime() + 30 * 60_000) };
  await questionOf(tenant.run(ann, 'assign_ticket', { ticket: '1' }, later));
  // Programs have no lists.
  expect(await outcomeCode(tenant.run(ann, 'assign_ticket', { ticket: '1' }, api))).toBe('not_found');
  expect(await assignees()).toEqual(['Bob', 'Ann Smith']);
});

test('a list replaces the one before, and kinds have lists of their own', async () => {
  const [first, second] = [await tenant.ticket(), await tenant.ticket()];
  await tenant.hasSeen(ann, 'ticket', [first.ticketId, second.ticketId]);
  await tenant.hasSeen(ann, 'ticket', [second.ticketId]);
  expect((await type('ticket 1')).items).toMatchObject([{ number: second.number }]);
  await questionOf(type('ticket 2'));
  await questionOf(type('approve 1'));
});

test('an assignee is found by name, beginning, e-mail or id, and only while active', async () => {
  const bob = await tenant.person('Bob Miller');
  const gone = await tenant.person('Gone Girl', { active: false });
  const other = await TestTenant.create(database);
  const foreign = await other.person('Zoe');
  await tenant.ticket();
  const assign = async (assignee: string) => {
    const result = await tenant.run(ann, 'assign_ticket', { ticket: '#1001', assignee });
    return result.items?.[0]?.assignee;
  };
  for (const text of ['bob miller', 'bob', 'mill', 'BOB.MILLER@acme.test', bob.userId]) {
    expect(await assign(text)).toBe('Bob Miller');
  }
  expect(await assign('me')).toBe('Ann Smith');
  for (const text of ['gone', gone.email, gone.userId, 'zoe', foreign.userId, 'nobody', '%', 'b_b']) {
    await expect(assign(text)).rejects.toMatchObject({
      code: 'validation_error',
      fields: [{ path: 'assignee' }],
    });
  }
});

test('an ambiguous assignee is asked back with at most six commands, each of which works', async () => {
  const bobs = [];
  for (const letter of 'abcdefgh') bobs.push(await tenant.person(`Bob ${letter.toUpperCase()}`));
  const ticket = await tenant.ticket();
  const { code, question } = await questionOf(type('assign #1001 to bob'));
  expect(code).toBe('ambiguous');
  const commands = commandsOf(question.buttons);
  expect(commands).toHaveLength(6);
  expect(commands[0]).toBe(`assign #1001 to ${bobs[0]?.email}`);
  expect(question.text).toContain('2 more');
  await type(commands[2] ?? '');
  const after = await tenant.within((tx) => findTicket(tx, ticket.ticketId));
  expect(after?.assigneeName).toBe('Bob C');
});

test('an assignment with a note writes both', async () => {
  const ticket = await tenant.ticket();
  await tenant.run(ann, 'assign_ticket', { ticket: ticket.ticketId, note: 'Please look' });
  expect((await tenant.eventTypes()).sort()).toEqual(['assignment', 'note_added', 'ticket_created']);
});

test('a status is named by its name, its beginning or its meaning', async () => {
  await tenant.ticket();
  const status = async (text: string) =>
    (await tenant.run(ann, 'set_status', { ticket: 1001, status: text }, api)).items?.[0];
  expect(await status('resolved')).toMatchObject({ status_kind: 'closed', closed_at: now.toISOString() });
  expect(await status('open')).toMatchObject({ status: 'In progress', closed_at: null });
  expect(await status('wait')).toMatchObject({ status: 'Waiting' });
  expect(await status('closed')).toMatchObject({ status: 'Resolved' });
  await expect(status('somewhere')).rejects.toMatchObject({
    code: 'validation_error',
    fields: [{ path: 'status', message: expect.stringContaining('Resolved') }],
  });
});

test('a reply says that it is saved and not delivered', async () => {
  const ticket = await tenant.ticket();
  const result = await type('reply 1001: We come at ten');
  expect(result.message.footer).toContain('not delivered');
  expect(result.warnings).toHaveLength(1);
  const { items } = await tenant.within((tx) => listNotes(tx, ticket.ticketId, { limit: 5, after: null }));
  expect(items).toMatchObject([{ kind: 'customer_reply', text: 'We come at ten', authorName: 'Ann Smith' }]);
  expect(await tenant.eventTypes()).toContain('reply_to_contact');
});

test('time is logged from 1 minute to a day', async () => {
  await tenant.ticket();
  const log = (duration: unknown, more: object = {}) =>
    tenant.run(ann, 'log_time', { ticket: '#1001', duration, ...more }, api);
  expect((await log('1h 30m')).items).toMatchObject([
    { minutes: 90, billable: true, started_at: '2026-11-20T07:30:00.000Z', user: 'Ann Smith' },
  ]);
  const start = '2026-11-19T08:00:00+01:00';
  expect((await log(1440, { start, billable: 'false', note: 'Drum' })).items).toMatchObject([
    { minutes: 1440, billable: false, note: 'Drum', started_at: '2026-11-19T07:00:00.000Z' },
  ]);
  for (const wrong of ['0m', '25h', '30', 0, 1441, 1.5]) await expect(log(wrong)).rejects.toThrow();
  const [entry] = (await log('5m')).items ?? [];
  const opened = await tenant.run(ann, 'open_record', { time_entry: entry?.time_entry_id }, api);
  expect(opened.message.title).toBe('5m on #1001');
});

test('a ticket from a message takes its words, its author and its address', async () => {
  const source = { text: 'Printer jams\nagain', authorName: 'Kim', url: 'https://chat.test/m/1' };
  const made = await tenant.run(ann, 'create_ticket_from_message', {}, { surface: 'bot', source });
  expect(made.items).toMatchObject([
    { title: 'Printer jams', description: 'Kim: Printer jams\nagain', source_url: source.url },
  ]);
  const form = await tenant.within((tx) => {
    const definition = actions.find((action) => action.id === 'create_ticket_from_message');
    const context = { ...tenant.context(tx, ann, { surface: 'message_extension', source }), actor: ann };
    return definition?.form?.(context, {}) ?? Promise.resolve([]);
  });
  expect(form.find((field) => field.name === 'title')?.value).toBe('Printer jams');
  const submit = (input: object) =>
    tenant.run(ann, 'create_ticket_from_message', input, { surface: 'message_extension' });
  await expect(submit({ title: 'x', source_url: 'javascript:alert(1)' })).rejects.toThrow();
  expect(await outcomeCode(submit({}))).toBe('validation_error');
});

test('a message is added to a ticket as a note or as a reply', async () => {
  const ticket = await tenant.ticket();
  const add = (kind: string) =>
    tenant.run(
      ann,
      'update_from_message',
      { ticket: '#1001', kind, content: 'Words', source_url: 'https://chat.test/m/2' },
      { surface: 'message_extension' },
    );
  await add('internal_note');
  expect((await add('customer_reply')).warnings).toHaveLength(1);
  await expect(add('contact_note')).rejects.toThrow();
  const { items } = await tenant.within((tx) => listNotes(tx, ticket.ticketId, { limit: 5, after: null }));
  expect(items.map((note) => [note.kind, note.sourceUrl])).toEqual([
    ['customer_reply', 'https://chat.test/m/2'],
    ['internal_note', 'https://chat.test/m/2'],
  ]);
});
