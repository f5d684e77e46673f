/** Every action that there is, in the order in which help shows them. */
import { addNoteAction } from './catalog/add-note.ts';
import { approvalResponseAction } from './catalog/approval-response.ts';
import { assignTicketAction } from './catalog/assign-ticket.ts';
import { createTicketAction } from './catalog/create-ticket.ts';
import { createTicketFromMessageAction } from './catalog/create-ticket-from-message.ts';
import { findTicketsAction } from './catalog/find-tickets.ts';
import { defineHelp } from './catalog/help.ts';
import { languageAction } from './catalog/language.ts';
import { linkAccountAction } from './catalog/link-account.ts';
import { logTimeAction } from './catalog/log-time.ts';
import { muteAction, unmuteAction } from './catalog/mute.ts';
import { myApprovalsAction } from './catalog/my-approvals.ts';
import { myTicketsAction } from './catalog/my-tickets.ts';
import { notificationsAction } from './catalog/notifications.ts';
import { openRecordAction } from './catalog/open-record.ts';
import { replyToContactAction } from './catalog/reply-to-contact.ts';
import { searchRecordsAction } from './catalog/search-records.ts';
import { setStatusAction } from './catalog/set-status.ts';
import { updateFromMessageAction } from './catalog/update-from-message.ts';
import { whoamiAction } from './catalog/whoami.ts';
import type { AnyAction } from './define-action.ts';

const listed: readonly AnyAction[] = [
  myTicketsAction,
  findTicketsAction,
  openRecordAction,
  createTicketAction,
  createTicketFromMessageAction,
  updateFromMessageAction,
  assignTicketAction,
  addNoteAction,
  replyToContactAction,
  setStatusAction,
  logTimeAction,
  myApprovalsAction,
  approvalResponseAction,
  searchRecordsAction,
  linkAccountAction,
  whoamiAction,
  languageAction,
  notificationsAction,
  muteAction,
  unmuteAction,
];

export const actions: readonly AnyAction[] = [defineHelp(listed), ...listed];
