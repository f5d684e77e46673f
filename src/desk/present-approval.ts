/** Cards and lists of approvals. */
import type { Button, Fact, ListItem, Message } from '../kernel/message.ts';
import { truncateText } from '../kernel/plain-text.ts';
import type { PresentContext } from './present-context.ts';
import { ticketTitle } from './present-ticket.ts';
import type { ApprovalRecord } from './records.ts';

const maxDescription = 1000;

/** The approval as it is now; whoever may answer it gets the buttons. */
export function presentApproval(context: PresentContext, approval: ApprovalRecord): Message {
  const description = truncateText(approval.description, maxDescription);
  const buttons = approvalButtons(context, approval);
  return {
    title: approval.title,
    ...(description === '' ? {} : { text: description }),
    facts: approvalFacts(context, approval),
    ...(buttons.length === 0 ? {} : { buttons }),
  };
}

/** What was answered, and the approval as it is now. */
export function presentApprovalDone(context: PresentContext, approval: ApprovalRecord): Message {
  const { say } = context;
  const { title } = approval;
  const approved = approval.status === 'approved';
  return {
    title: approved ? say('done.approved', { title }) : say('done.changes_requested', { title }),
    tone: 'good',
    facts: approvalFacts(context, approval),
  };
}

/** One row; `ordinal` is what the person may type for it. */
export function presentApprovalRow(
  context: PresentContext,
  approval: ApprovalRecord,
  ordinal: number,
): ListItem {
  const buttons = approvalButtons(context, approval);
  return {
    ordinal,
    title: approval.title,
    text: approvalSummary(context, approval),
    ...(buttons.length === 0 ? {} : { buttons }),
  };
}

/** State, who asks and for which ticket on one line. */
export function approvalSummary(context: PresentContext, approval: ApprovalRecord): string {
  const parts = [context.say(`approval_status.${approval.status}`)];
  if (approval.requesterName !== null) parts.push(approval.requesterName);
  const ticket = ticketOf(context, approval);
  if (ticket !== null) parts.push(ticket);
  return parts.join(' · ');
}

function ticketOf(context: PresentContext, approval: ApprovalRecord): string | null {
  const { ticketNumber: number, ticketTitle: title } = approval;
  return number === null || title === null ? null : ticketTitle(context, { number, title });
}

function approvalFacts(context: PresentContext, approval: ApprovalRecord): Fact[] {
  const { say, viewer } = context;
  const facts: Fact[] = [
    { label: say('approval.label.status'), value: say(`approval_status.${approval.status}`) },
  ];
  const ticket = ticketOf(context, approval);
  if (ticket !== null) facts.push({ label: say('approval.label.ticket'), value: ticket });
  if (approval.requesterName !== null) {
    facts.push({ label: say('approval.label.requester'), value: approval.requesterName });
  }
  facts.push({ label: say('approval.label.approver'), value: approval.approverName });
  const created = say.dateTime(approval.createdAt, viewer.timeZone);
  facts.push({ label: say('approval.label.created'), value: created });
  if (approval.respondedAt !== null) {
    const responded = say.dateTime(approval.respondedAt, viewer.timeZone);
    facts.push({ label: say('approval.label.responded'), value: responded });
  }
  if (approval.comment !== null) {
    facts.push({ label: say('approval.label.comment'), value: approval.comment });
  }
  return facts;
}

/** Approving is one press; asking for changes needs a comment, hence a form, which makes its own nonce. */
function approvalButtons(context: PresentContext, approval: ApprovalRecord): Button[] {
  const { say, viewer } = context;
  const mayAnswer = approval.approverId === viewer.userId && viewer.capabilities.has('approval:respond');
  if (approval.status !== 'pending' || !mayAnswer) return [];
  const input = { approval: approval.approvalId };
  return [
    {
      kind: 'action',
      label: say('button.approve'),
      action: 'approval_response',
      input: { ...input, response: 'approve' },
      nonce: context.nonce(),
      style: 'primary',
    },
    {
      kind: 'form',
      label: say('button.request_changes'),
      action: 'approval_response',
      input: { ...input, response: 'request_changes' },
      style: 'danger',
    },
  ];
}
