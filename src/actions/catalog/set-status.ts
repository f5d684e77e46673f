/** `status <ticket> <status>`: moves a ticket to another status of its board. */
import { z } from 'zod';
import { statusName } from '../../desk/present-ticket.ts';
import type { TicketRecord } from '../../desk/records.ts';
import { setStatus } from '../../desk/set-status.ts';
import { defineAction, requireActor } from '../define-action.ts';
import { limits, reference, requiredLine } from '../input-fields.ts';
import { resolveStatus } from '../references/status.ts';
import { resolveTicketTarget } from '../references/ticket.ts';
import { ticketDone } from '../ticket-draft.ts';

const input = z.strictObject({
  ticket: reference,
  /** Name or id of a status, or what it means: `new`, `open`, `waiting`, `closed`. */
  status: requiredLine(limits.name),
});

export const setStatusAction = defineAction<z.output<typeof input>, TicketRecord>({
  id: 'set_status',
  kind: 'mutation',
  permission: 'ticket:update',
  surfaces: ['bot', 'card', 'api'],
  targetKinds: ['ticket'],
  input,
  commands: [{ id: 'set_status' }],
  resolve: resolveTicketTarget,
  run: async (context, input, ticket) => {
    const { tx, say, now } = context;
    const { actor } = requireActor(context);
    const status = await resolveStatus(context, ticket, input.status);
    const changed = await setStatus(tx, { ticket, status }, { actorUserId: actor.userId, now });
    return ticketDone(
      context,
      changed,
      say('done.status', { number: String(changed.number), status: statusName(say, changed) }),
    );
  },
});
