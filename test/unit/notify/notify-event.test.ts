/** Who is told of which event. */
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/kernel/canonical-json.ts';
import { noticeOf } from '../../../src/notify/notify-event.ts';

const ticket = { kind: 'ticket' as const, id: 't1' };

function told(type: string, data: JsonObject, actorUserId: string | null = 'actor') {
  return noticeOf({ eventId: 'e1', type, target: ticket, actorUserId, data });
}

describe('an event is told', () => {
  it.each([
    ['assignment', { assignee_id: 'ann', previous_assignee_id: 'ben' }, 'ann'],
    ['customer_reply', { assignee_id: 'ann', note_id: 'n1' }, 'ann'],
    ['approval_request', { approver_id: 'ann', requester_id: 'ben' }, 'ann'],
  ])('%s to who is responsible, and not to who did it', (type, data, userId) => {
    expect(told(type, data)).toMatchObject({ category: type, userId, orAdmins: false });
    expect(told(type, data, userId)).toBeNull();
    expect(told(type, data, null)).toMatchObject({ userId });
  });

  it.each(['escalation', 'sla_risk'])('%s to the assignee, else the admins', (type) => {
    expect(told(type, { assignee_id: 'ann' })).toMatchObject({ userId: 'ann', orAdmins: true });
    expect(told(type, { assignee_id: null })).toMatchObject({ userId: null, orAdmins: true });
  });

  it('to nobody where nobody is responsible, and of most events', () => {
    expect(told('assignment', { assignee_id: null, previous_assignee_id: 'ann' })).toBeNull();
    expect(told('customer_reply', { assignee_id: null, note_id: 'n1' })).toBeNull();
    for (const type of [
      'ticket_created',
      'note_added',
      'time_logged',
      'reply_to_contact',
      'approval_response',
    ]) {
      expect(told(type, { assignee_id: 'ann', approver_id: 'ann' })).toBeNull();
    }
  });

  it('so that a later assignment, or the escalation after a warning, replaces what was not sent', () => {
    expect(told('assignment', { assignee_id: 'ann' })?.collapseKey).toBe('event/assignment/t1');
    expect(told('escalation', {})?.collapseKey).toBe(told('sla_risk', {})?.collapseKey);
    expect(told('customer_reply', { assignee_id: 'ann', note_id: 'n1' })).toMatchObject({
      noteId: 'n1',
      collapseKey: null,
    });
  });
});
