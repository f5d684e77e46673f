/** Lists, cards, searches and approvals through the actions, on a real database. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Actor } from '../../../src/actions/define-action.ts';
import { actions } from '../../../src/actions/registry.ts';
import type { ApprovalRecord } from '../../../src/desk/records.ts';
import { requestApproval } from '../../../src/desk/request-approval.ts';
import { createContact } from '../../../src/desk/upsert-contact.ts';
import type { Database } from '../../../src/infra/database.ts';
import type { Button } from '../../../src/kernel/message.ts';
import { now, openDesk, outcomeCode, TestTenant } from '../desk/desk-fixture.ts';

let database: Database;
let close: () => Promise<void>;
let tenant: TestTenant;
let ann: Actor;

beforeAll(async () => {
  ({ database, close } = await openDesk());
});
afterAll(() => close());
beforeEach(async () => {
  tenant = await TestTenant.create(database);
  ann = await tenant.person('Ann');
});

const api = { surface: 'api' as const };

function approvalFor(approver: Actor, ticketId: string | null = null): Promise<ApprovalRecord> {
  const input = { title: 'New drum', ticketId, approverId: approver.userId };
  return tenant.within((tx) => requestApproval(tx, input, { actorUserId: null, now }));
}

function labels(buttons: Button[] | undefined): string[] {
  return (buttons ?? []).map((button) => button.label);
}

test('help shows what the person may do, and an unlinked one how to link', async () => {
  const viewer = await tenant.person('Vic', { role: 'viewer' });
  const ids = async (actor: Actor) => (await tenant.run(actor, 'help', {})).items?.map((item) => item.action);
  expect(await ids(ann)).toEqual(expect.arrayContaining(['create_ticket', 'approval_response']));
  expect(await ids(viewer)).toContain('find_tickets');
  expect(await ids(viewer)).not.toContain('create_ticket');
  expect(await ids(viewer)).not.toContain('my_approvals');
  const unlinked = await tenant.within(async (tx) => {
    const help = actions.find((action) => action.id === 'help');
    return help?.run(tenant.context(tx, null), {} as never, undefined as never);
  });
  expect(unlinked?.message.text).toContain('link');
  expect(unlinked?.items?.map((item) => item.action)).not.toContain('my_tickets');
});

test('my tickets: five in chat, all on the API, with ordinals and the number of all', async () => {
  const bob = await tenant.person('Bob');
  await tenant.ticket({ assigneeId: bob.userId });
  for (let index = 0; index < 7; index += 1) {
    await tenant.ticket({ assigneeId: ann.userId }, new Date(now.getTime() + index));
  }
  const inChat = await tenant.run(ann, 'my_tickets', {});
  expect(inChat.message.title).toContain('7');
  expect(inChat.message.items?.map((item) => item.ordinal)).toEqual([1, 2, 3, 4, 5]);
  expect(inChat.message.items?.[0]?.title).toContain('#1008');
  expect(inChat.message.footer).toContain('2 more');
  expect(inChat.listed).toMatchObject({ kind: 'ticket', ids: inChat.items?.map((item) => item.ticket_id) });
  expect((await tenant.run(ann, 'my_tickets', {}, api)).items).toHaveLength(7);
  expect((await tenant.run(ann, 'my_tickets', { limit: 2 })).items).toHaveLength(2);
  await expect(tenant.run(ann, 'my_tickets', { limit: 26 })).rejects.toThrow();
});

test('my tickets say when each is due, in the words and the time zone of the person', async () => {
  const hours = (count: number) => new Date(now.getTime() + count * 3_600_000);
  await tenant.ticket({ title: 'Late', assigneeId: ann.userId, dueAt: hours(-1) });
  await tenant.ticket({ title: 'Soon', assigneeId: ann.userId, dueAt: hours(1) });
  await tenant.ticket({ title: 'Some day', assigneeId: ann.userId });
  const rows = (await tenant.run(ann, 'my_tickets', {})).message.items ?? [];
  const textOf = (title: string) => rows.find((row) => row.title.endsWith(title))?.text;
  // 09:00 UTC in Berlin, an hour before and after
  expect(textOf('Late')).toMatch(/ · overdue since .*9:00/);
  expect(textOf('Soon')).toMatch(/ · due .*11:00/);
  expect(textOf('Some day')).not.toMatch(/due|Ann/);
});

test('a reply is offered where there is a contact to read it', async () => {
  const contact = await tenant.within((tx) => createContact(tx, { name: 'Cleo' }, now));
  const buttonsOf = async (ticketId: string) =>
    labels((await tenant.run(ann, 'open_record', { ticket: ticketId })).message.buttons);
  const withContact = await tenant.ticket({ contactId: contact.contactId });
  expect(await buttonsOf(withContact.ticketId)).toContain('Reply');
  expect(await buttonsOf((await tenant.ticket()).ticketId)).not.toContain('Reply');
});

test('find pages through what fits, and shows a single hit as a card', async () => {
  for (let index = 0; index < 6; index += 1) await tenant.ticket({ title: `Scanner ${index}` });
  await tenant.ticket({ title: 'Beamer' });
  const first = await tenant.run(ann, 'find_tickets', { query: 'scanner' });
  expect(first.message.items).toHaveLength(5);
  const [more] = first.message.buttons ?? [];
  if (more?.kind !== 'action') throw new Error('no button to the next page');
  const second = await tenant.run(ann, more.action, more.input, { surface: 'card' });
  expect(second.message.items).toHaveLength(1);
  expect(second.message.buttons).toBeUndefined();
  const all = new Set([...(first.listed?.ids ?? []), ...(second.listed?.ids ?? [])]);
  expect(all.size).toBe(6);
  expect((await tenant.run(ann, 'find_tickets', { query: 'beam' })).message.title).toBe('#1007 Beamer');
  expect((await tenant.run(ann, 'find_tickets', { query: 'zzz' })).message.text).toContain('zzz');
});

test('the card offers what this person may do next', async () => {
  const ticket = await tenant.ticket({ dueAt: new Date(now.getTime() - 1) });
  const viewer = await tenant.person('Vic', { role: 'viewer' });
  const open = (actor: Actor) => tenant.run(actor, 'open_record', { ticket: ticket.ticketId });
  const card = (await open(ann)).message;
  expect(labels(card.buttons).slice(0, 2)).toEqual(['Assign to me', 'Resolve']);
  expect(card.facts?.find((fact) => fact.label === 'Due')?.value).toContain('overdue');
  // 09:00 UTC in Berlin
  expect(card.facts?.find((fact) => fact.label === 'Created')?.value).toContain('10:00');
  expect((await open(viewer)).message.buttons?.map((button) => button.kind)).toEqual(['url']);
  for (const button of (card.buttons ?? []).slice(0, 2)) {
    if (button.kind !== 'action') throw new Error('no action');
    await tenant.run(ann, button.action, button.input, { surface: 'card' });
  }
  expect(labels((await open(ann)).message.buttons)[0]).toBe('Reopen');
});

test('every form opens, and its fields are fields of the input', async () => {
  const ticket = await tenant.ticket();
  await tenant.within(async (tx) => {
    for (const action of actions) {
      const context = { ...tenant.context(tx, ann), actor: ann };
      const fields = await action.form?.(context, { ticket: ticket.ticketId });
      const input = Object.fromEntries((fields ?? []).map((field) => [field.name, '']));
      const issues = action.input.safeParse(input).error?.issues ?? [];
      expect(issues.filter((issue) => issue.code === 'unrecognized_keys')).toEqual([]);
    }
  });
});

test('an id opens whatever record it is; records of others do not exist', async () => {
  const approval = await approvalFor(ann);
  const contact = await tenant.within((tx) => createContact(tx, { name: 'Kim' }, now));
  const open = (id: string, by: TestTenant = tenant, actor = ann) =>
    by.run(actor, 'open_record', { ticket: id });
  expect((await open(approval.approvalId)).message.title).toBe('New drum');
  expect((await open(contact.contactId)).message.title).toBe('Kim');
  const other = await TestTenant.create(database);
  const zoe = await other.person('Zoe');
  for (const id of [approval.approvalId, contact.contactId]) {
    expect(await outcomeCode(open(id, other, zoe))).toBe('not_found');
  }
  await expect(tenant.run(ann, 'open_record', {})).rejects.toThrow();
  await expect(tenant.run(ann, 'open_record', { ticket: '1', approval: '1' })).rejects.toThrow();
});

test('an approval is answered from its list, once, and by its approver only', async () => {
  const bob = await tenant.person('Bob', { role: 'admin' });
  const { ticketId } = await tenant.ticket();
  const approval = await approvalFor(ann, ticketId);
  const list = await tenant.run(ann, 'my_approvals', {});
  const [row] = list.message.items ?? [];
  expect(labels(row?.buttons)).toEqual(['Approve', 'Request changes']);
  expect((await tenant.run(bob, 'my_approvals', {})).items).toEqual([]);
  const answer = (actor: Actor, input: object) =>
    tenant.run(actor, 'approval_response', { approval: approval.approvalId, ...input });
  expect(await outcomeCode(answer(bob, { response: 'approve' }))).toBe('forbidden');
  expect(await outcomeCode(answer(ann, { response: 'request_changes', comment: ' ' }))).toBe(
    'validation_error',
  );
  await tenant.hasSeen(ann, 'approval', list.listed?.ids ?? []);
  const done = await tenant.run(ann, 'approval_response', { approval: '1', response: 'approve' });
  expect(done.message.title).toBe('Approved: New drum');
  expect(done.message.buttons).toBeUndefined();
  expect(await outcomeCode(answer(ann, { response: 'approve' }))).toBe('conflict');
  expect((await tenant.run(ann, 'my_approvals', {})).listed?.ids).toEqual([]);
});

test('search: my open tickets at first, then tickets, approvals and contacts as one list', async () => {
  const mine = await tenant.ticket({ title: 'Drum squeaks', assigneeId: ann.userId });
  await tenant.ticket({ title: 'Drum lost' });
  await approvalFor(ann);
  await tenant.within((tx) => createContact(tx, { name: 'Drummond' }, now));
  const search = async (input: object) => {
    const result = await tenant.run(ann, 'search_records', input, { surface: 'message_extension' });
    return (result.results ?? []).map((hit) => hit.title);
  };
  expect(await search({})).toEqual([`#${mine.number} Drum squeaks`]);
  const all = await search({ text: 'drum' });
  expect(all).toEqual(['#1002 Drum lost', '#1001 Drum squeaks', 'New drum', 'Drummond']);
  expect(await search({ text: 'drum', skip: 1, count: 2 })).toEqual(all.slice(1, 3));
  expect(await search({ text: 'drum', skip: 3, count: 99 })).toEqual(all.slice(3));
  expect(await search({ text: 'drum', skip: 10_000 })).toEqual([]);
  expect(await search({ text: '#1001' })).toEqual(['#1001 Drum squeaks']);
});
