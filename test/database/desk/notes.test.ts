/** Notes on a real database: their events, their pages and their mirror. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { addNote, type NoteInput } from '../../../src/desk/add-note.ts';
import { listNotes } from '../../../src/desk/note-queries.ts';
import { createContact } from '../../../src/desk/upsert-contact.ts';
import { upsertNote } from '../../../src/desk/upsert-note.ts';
import type { Database } from '../../../src/infra/database.ts';
import { decodeCursor } from '../../../src/infra/keyset.ts';
import { now, openDesk, outcomeCode, TestTenant } from './desk-fixture.ts';

let database: Database;
let close: () => Promise<void>;
let tenant: TestTenant;

beforeAll(async () => {
  ({ database, close } = await openDesk());
});
afterAll(() => close());
beforeEach(async () => {
  tenant = await TestTenant.create(database);
});

const change = { actorUserId: null, now };

test('each kind of note raises its own event, without the text', async () => {
  const ann = await tenant.person('Ann');
  const contact = await tenant.within((tx) => createContact(tx, { name: 'Kim' }, now));
  const ticket = await tenant.ticket({ contactId: contact.contactId });
  const add = (kind: NoteInput['kind'], author: NoteInput['author']) =>
    tenant.within(async (tx) => addNote(tx, { ticket, kind, text: 'Confidential', author }, change));
  await add('internal_note', ann);
  await add('customer_reply', ann);
  await add('contact_note', contact);
  const events = (await tenant.events()).slice(1);
  expect(events.map((event) => event.type)).toEqual(['note_added', 'reply_to_contact', 'customer_reply']);
  expect(JSON.stringify(events)).not.toContain('Confidential');

  const first = await tenant.within((tx) => listNotes(tx, ticket.ticketId, { limit: 2, after: null }));
  expect(first.items.map((note) => [note.kind, note.authorName])).toEqual([
    ['contact_note', 'Kim'],
    ['customer_reply', 'Ann'],
  ]);
  const after = decodeCursor(first.nextCursor ?? '');
  const second = await tenant.within((tx) => listNotes(tx, ticket.ticketId, { limit: 2, after }));
  expect(second.items.map((note) => note.kind)).toEqual(['internal_note']);
  expect(second.nextCursor).toBeNull();
});

test('a mirrored note is changed, not doubled, and stays with its ticket', async () => {
  const [ticket, other] = [await tenant.ticket(), await tenant.ticket()];
  const mirror = (to: typeof ticket, text: string) =>
    tenant.within((tx) =>
      upsertNote(
        tx,
        'n-1',
        { ticket: to, kind: 'contact_note', text, author: null },
        { ...change, notify: true },
      ),
    );
  expect((await mirror(ticket, 'One')).outcome).toBe('created');
  expect((await mirror(ticket, 'One')).outcome).toBe('unchanged');
  expect((await mirror(ticket, 'Two')).outcome).toBe('updated');
  expect(await outcomeCode(mirror(other, 'Two'))).toBe('conflict');
  const { items } = await tenant.within((tx) => listNotes(tx, ticket.ticketId, { limit: 9, after: null }));
  expect(items.map((note) => note.text)).toEqual(['Two']);
  expect((await tenant.eventTypes()).filter((type) => type === 'customer_reply')).toHaveLength(1);
});
