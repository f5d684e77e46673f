/** A new ticket as a person describes it: its fields, its form, and the records that it names. */

import { z } from 'zod';
import { createTicket } from '../desk/create-ticket.ts';
import { presentTicketDone } from '../desk/present-ticket.ts';
import { ticketItem } from '../desk/record-items.ts';
import { type TicketPriority, type TicketRecord, ticketPriorities } from '../desk/records.ts';
import type { FormField } from '../kernel/message.ts';
import { type ActionContext, type ActionResult, type LinkedContext, requireActor } from './define-action.ts';
import { limits, optionalLine, optionalText } from './input-fields.ts';
import { resolveBoard, resolveClient, resolveContact } from './references/client.ts';
import { presentFor } from './references/present.ts';

/** Fields of the input besides the title. */
export const draftFields = {
  description: optionalText(limits.description),
  client: optionalLine(limits.name),
  contact: optionalLine(limits.name),
  board: optionalLine(limits.name),
  priority: z.enum(ticketPriorities).optional(),
};

export interface TicketDraft {
  title: string;
  description?: string | undefined;
  client?: string | undefined;
  contact?: string | undefined;
  board?: string | undefined;
  priority?: TicketPriority | undefined;
}

/**
 * Finds what the draft names and creates the ticket.
 * @throws DeskbridgeError not_found for a client, validation_error for another record; AskBack where several fit
 */
export async function createFromDraft(
  context: ActionContext,
  draft: TicketDraft,
  sourceUrl: string | null,
): Promise<TicketRecord> {
  const { tx, now, say } = context;
  const { actor } = requireActor(context);
  const command = (client: string) => {
    const line = say('command.create_ticket', { title: draft.title, client });
    return draft.description === undefined ? line : `${line}\n${draft.description}`;
  };
  const [client, contact, board] = await Promise.all([
    draft.client === undefined ? null : resolveClient(context, draft.client, command),
    draft.contact === undefined ? null : resolveContact(context, draft.contact),
    draft.board === undefined ? null : resolveBoard(context, draft.board),
  ]);
  return createTicket(
    tx,
    {
      title: draft.title,
      description: draft.description ?? '',
      priority: draft.priority ?? 'normal',
      clientId: client?.clientId ?? null,
      contactId: contact?.contactId ?? null,
      boardId: board?.boardId ?? null,
      sourceUrl,
    },
    { actorUserId: actor.userId, now },
  );
}

/** The result of creating or changing a ticket. @param done what was done, in the person's language */
export function ticketDone(
  context: ActionContext,
  ticket: TicketRecord,
  done: string,
  details: Parameters<typeof presentTicketDone>[3] = {},
): ActionResult {
  return {
    message: presentTicketDone(presentFor(context), ticket, done, details),
    items: [ticketItem(ticket, context.ticketUrl)],
    links: [ticketLink(context, ticket)],
    target: { kind: 'ticket', id: ticket.ticketId },
  };
}

/** The page of a ticket, as a result names it. */
export function ticketLink(context: ActionContext, ticket: TicketRecord): { title: string; url: string } {
  return { title: `#${ticket.number}`, url: context.ticketUrl(ticket) };
}

/** Fields of the form. @param known what is known so far, by field name */
export function draftForm(context: LinkedContext, known: Record<string, string | undefined>): FormField[] {
  const { say } = context;
  const fields: FormField[] = [
    { name: 'title', label: say('field.title.label'), kind: 'text', required: true, maxLength: limits.title },
    {
      name: 'description',
      label: say('field.description.label'),
      kind: 'multiline',
      required: false,
      maxLength: limits.description,
      placeholder: say('field.description.placeholder'),
    },
    {
      name: 'client',
      label: say('field.client.label'),
      kind: 'text',
      required: false,
      maxLength: limits.name,
      placeholder: say('field.client.placeholder'),
    },
    {
      name: 'priority',
      label: say('field.priority.label'),
      kind: 'choice',
      required: true,
      value: 'normal',
      choices: ticketPriorities.map((value) => ({ label: say(`priority.${value}`), value })),
    },
  ];
  return prefilled(fields, known);
}

/** The fields with the values that are known. */
export function prefilled(fields: FormField[], known: Record<string, unknown>): FormField[] {
  return fields.map((field) => {
    const value = known[field.name];
    if (typeof value === 'number' || typeof value === 'boolean') return { ...field, value: String(value) };
    return typeof value === 'string' && value !== '' ? { ...field, value } : field;
  });
}
