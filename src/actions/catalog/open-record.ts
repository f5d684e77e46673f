/** `ticket <number>`, `approval <n>`: shows one record. */
import { z } from 'zod';
import { findApproval } from '../../desk/approval-queries.ts';
import { findContact } from '../../desk/contact-queries.ts';
import { listNotes } from '../../desk/note-queries.ts';
import { presentApproval } from '../../desk/present-approval.ts';
import { presentContact, presentTimeEntry } from '../../desk/present-contact.ts';
import { presentTicket } from '../../desk/present-ticket.ts';
import { approvalItem, contactItem, ticketItem, timeEntryItem } from '../../desk/record-items.ts';
import type {
  ApprovalRecord,
  ContactRecord,
  NoteRecord,
  TicketRecord,
  TimeEntryRecord,
} from '../../desk/records.ts';
import { findTimeEntry } from '../../desk/time-entry-queries.ts';
import { DeskbridgeError } from '../../kernel/errors.ts';
import { isUuid } from '../../kernel/ids.ts';
import type { Capability } from '../../tenants/capabilities.ts';
import {
  type ActionContext,
  type ActionResult,
  type ActionTarget,
  defineAction,
  requireActor,
} from '../define-action.ts';
import { reference } from '../input-fields.ts';
import { resolveApproval } from '../references/approval.ts';
import { presentFor, refuseField } from '../references/present.ts';
import { lookUpTicket, resolveTicket } from '../references/ticket.ts';
import { ticketLink } from '../ticket-draft.ts';

/** Exactly one; an id in `ticket` that is no ticket's may be that of another record. */
const input = z
  .strictObject({
    ticket: reference.optional(),
    approval: reference.optional(),
    time_entry: z.uuid().optional(),
    contact: z.uuid().optional(),
  })
  .refine((given) => Object.values(given).filter((value) => value !== undefined).length === 1, {
    error: 'Exactly one of ticket, approval, time_entry and contact',
  });
type Input = z.output<typeof input>;

type Found =
  | { kind: 'ticket'; record: TicketRecord }
  | { kind: 'approval'; record: ApprovalRecord }
  | { kind: 'time_entry'; record: TimeEntryRecord }
  | { kind: 'contact'; record: ContactRecord };

const permissions: Record<Found['kind'], Capability> = {
  ticket: 'ticket:read',
  approval: 'approval:read',
  time_entry: 'time_entry:read',
  contact: 'contact:read',
};

export const openRecordAction = defineAction<Input, Found>({
  id: 'open_record',
  kind: 'query',
  // The permission depends on the kind of record that is found.
  permission: null,
  surfaces: ['bot', 'message_extension', 'api'],
  targetKinds: ['ticket', 'approval', 'time_entry', 'contact'],
  input,
  commands: [{ id: 'open_record' }],
  resolve: async (context, input) => {
    const found = await find(context, input);
    return { target: targetOf(found), record: found };
  },
  run: async (context, _input, found) => {
    const needed = permissions[found.kind];
    if (!requireActor(context).actor.capabilities.has(needed)) {
      throw new DeskbridgeError('forbidden', { detail: `The permission ${needed} is missing.` });
    }
    return show(context, found);
  },
});

async function find(context: ActionContext, input: Input): Promise<Found> {
  if (input.approval !== undefined) {
    return { kind: 'approval', record: await resolveApproval(context, input.approval) };
  }
  if (input.ticket !== undefined && !isUuid(input.ticket)) {
    return { kind: 'ticket', record: await resolveTicket(context, input.ticket) };
  }
  const found = await findById(context, input);
  if (found !== null) return found;
  const given = input.ticket ?? input.time_entry ?? input.contact ?? '';
  const path = input.ticket !== undefined ? 'ticket' : input.contact !== undefined ? 'contact' : 'time_entry';
  throw refuseField('not_found', path, context.say('not_found.record', { reference: given }));
}

async function findById(context: ActionContext, input: Input): Promise<Found | null> {
  const { tx } = context;
  const { ticket: anyId, time_entry = anyId, contact = anyId } = input;
  const [ticket, approval, entry, person] = await Promise.all([
    anyId === undefined ? null : lookUpTicket(context, anyId),
    anyId === undefined ? null : findApproval(tx, anyId),
    time_entry === undefined ? null : findTimeEntry(tx, time_entry),
    contact === undefined ? null : findContact(tx, contact),
  ]);
  if (ticket !== null) return { kind: 'ticket', record: ticket };
  if (approval !== null) return { kind: 'approval', record: approval };
  if (entry !== null) return { kind: 'time_entry', record: entry };
  return person === null ? null : { kind: 'contact', record: person };
}

function targetOf(found: Found): ActionTarget {
  switch (found.kind) {
    case 'ticket':
      return { kind: 'ticket', id: found.record.ticketId };
    case 'approval':
      return { kind: 'approval', id: found.record.approvalId };
    case 'time_entry':
      return { kind: 'time_entry', id: found.record.timeEntryId };
    case 'contact':
      return { kind: 'contact', id: found.record.contactId };
  }
}

async function show(context: ActionContext, found: Found): Promise<ActionResult> {
  const view = presentFor(context);
  switch (found.kind) {
    case 'ticket': {
      const { record } = found;
      const note = await lastNote(context, record.ticketId);
      return {
        message: presentTicket(view, record, note),
        items: [ticketItem(record, context.ticketUrl)],
        links: [ticketLink(context, record)],
      };
    }
    case 'approval':
      return { message: presentApproval(view, found.record), items: [approvalItem(found.record)] };
    case 'time_entry':
      return { message: presentTimeEntry(view, found.record), items: [timeEntryItem(found.record)] };
    case 'contact':
      return { message: presentContact(view, found.record), items: [contactItem(found.record)] };
  }
}

/** Notes are internal. What a pasted link brings up may end in a conversation with anybody, so it shows none. */
async function lastNote({ tx, surface }: ActionContext, ticketId: string): Promise<NoteRecord | null> {
  if (surface === 'message_extension') return null;
  return (await listNotes(tx, ticketId, { limit: 1, after: null })).items[0] ?? null;
}
