/** Notes of a ticket: internal ones, replies of ours, and a contact's own words. */
import { z } from 'zod';
import { limits, requiredText } from '../../actions/input-fields.ts';
import { addNote, type NoteAuthor, type NoteInput } from '../../desk/add-note.ts';
import { findContact } from '../../desk/contact-queries.ts';
import { listNotes } from '../../desk/note-queries.ts';
import { findActivePerson } from '../../desk/person-queries.ts';
import { noteItem } from '../../desk/record-items.ts';
import { upsertNote } from '../../desk/upsert-note.ts';
import type { Transaction } from '../../infra/database.ts';
import { DeskbridgeError } from '../../kernel/errors.ts';
import {
  id,
  instant,
  listOf,
  mutationRoute,
  pageQuery,
  type Route,
  readRoute,
  recordId,
  toDeskPage,
} from '../route.ts';
import { created, notifyQuery, upserted } from './desk-answers.ts';
import { externalIdIn } from './fields.ts';
import { ticketIn } from './ticket-in-path.ts';

const note = z.object({
  note_id: id,
  ticket_id: id,
  kind: z.enum(['internal_note', 'customer_reply', 'contact_note']),
  text: z.string(),
  author_user_id: id.nullable(),
  author_contact_id: id.nullable(),
  author: z.string().nullable(),
  source_url: z.string().nullable(),
  external_id: z.string().nullable(),
  created_at: instant,
});

const fields = z
  .strictObject({
    text: requiredText(limits.note),
    kind: z
      .enum(['internal_note', 'customer_reply'])
      .optional()
      .describe("Of a user's note, internal_note unless given; a contact's is always contact_note"),
    author_user_id: recordId.optional(),
    author_contact_id: recordId.optional(),
  })
  .refine((body) => (body.author_user_id === undefined) !== (body.author_contact_id === undefined), {
    path: ['author_user_id'],
    message: 'either a user or a contact',
  })
  .refine((body) => body.author_contact_id === undefined || body.kind === undefined, {
    path: ['kind'],
    message: "a contact's note has none",
  });

type Body = z.output<typeof fields>;

const path = '/v1/tenants/{tenant}/tickets/{ticket}/notes';
const tag = 'Desk';

export const noteRoutes: Route[] = [
  mutationRoute({
    method: 'post',
    path,
    tag,
    summary: 'Add a note, written by a user or a contact',
    // A key is nobody: to name the author is to speak for a person.
    capability: 'desk:manage',
    action: 'note.create',
    body: fields,
    response: note,
    status: 201,
    handle: async (tx, { params, body, now }) => {
      const record = addNote(tx, await noteInput(tx, params, body), changeBy(body, now));
      return created('ticket', record.ticketId, noteItem(record));
    },
  }),
  readRoute({
    method: 'get',
    path,
    tag,
    summary: "List a ticket's notes, newest first",
    capability: 'ticket:read',
    query: pageQuery,
    response: listOf(note),
    handle: async (tx, { params, query }) => {
      const { ticketId } = await ticketIn(tx, params);
      const page = await listNotes(tx, ticketId, toDeskPage(query));
      return { items: page.items.map(noteItem), next_cursor: page.nextCursor };
    },
  }),
  mutationRoute({
    method: 'put',
    path: `${path}/by-external-id/{external_id}`,
    tag,
    summary: 'Mirror a note of another desk; 201 when it is new',
    capability: 'desk:manage',
    action: 'note.upsert',
    query: notifyQuery,
    body: fields,
    response: note,
    handle: async (tx, { params, query, body, now }) => {
      const change = { ...changeBy(body, now), notify: query.notify };
      const input = await noteInput(tx, params, body);
      const { record, outcome } = await upsertNote(tx, externalIdIn(params), input, change);
      return upserted('ticket', record.ticketId, noteItem(record), outcome);
    },
  }),
];

async function noteInput(tx: Transaction, params: Record<string, string>, body: Body): Promise<NoteInput> {
  const [ticket, author] = await Promise.all([ticketIn(tx, params), authorOf(tx, body)]);
  const kind = 'contactId' in author ? 'contact_note' : (body.kind ?? 'internal_note');
  return { ticket, kind, text: body.text, author };
}

/** @throws DeskbridgeError validation_error */
async function authorOf(tx: Transaction, body: Body): Promise<NoteAuthor> {
  if (body.author_user_id !== undefined) {
    const person = await findActivePerson(tx, body.author_user_id);
    if (person !== null) return { userId: person.userId, name: person.name };
    throw noAuthor('author_user_id', 'is no active user');
  }
  const contact = await findContact(tx, body.author_contact_id ?? '');
  if (contact !== null) return { contactId: contact.contactId, name: contact.name };
  throw noAuthor('author_contact_id', 'is no contact');
}

function noAuthor(path: string, message: string): DeskbridgeError {
  return new DeskbridgeError('validation_error', { fields: [{ path, message }] });
}

function changeBy(body: Body, now: Date) {
  return { actorUserId: body.author_user_id ?? null, now };
}
