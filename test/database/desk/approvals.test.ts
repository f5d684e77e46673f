/** Approvals on a real database: answered once, by their approver, while pending. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Actor } from '../../../src/actions/define-action.ts';
import { findApproval, listApprovals } from '../../../src/desk/approval-queries.ts';
import type { ApprovalRecord } from '../../../src/desk/records.ts';
import { requestApproval } from '../../../src/desk/request-approval.ts';
import { respondApproval } from '../../../src/desk/respond-approval.ts';
import { upsertApproval } from '../../../src/desk/upsert-approval.ts';
import type { Database } from '../../../src/infra/database.ts';
import { now, openDesk, outcomeCode, TestTenant } from './desk-fixture.ts';

let database: Database;
let close: () => Promise<void>;
let tenant: TestTenant;
let ann: Actor;
let approval: ApprovalRecord;

beforeAll(async () => {
  ({ database, close } = await openDesk());
});
afterAll(() => close());
beforeEach(async () => {
  tenant = await TestTenant.create(database);
  ann = await tenant.person('Ann');
  const { ticketId } = await tenant.ticket();
  approval = await tenant.within((tx) =>
    requestApproval(tx, { title: 'New drum', ticketId, approverId: ann.userId }, { actorUserId: null, now }),
  );
});

const respond = (response: 'approve' | 'request_changes', by: Actor = ann, record = approval) =>
  tenant.within((tx) =>
    respondApproval(tx, { approval: record, response, comment: 'why' }, { actorUserId: by.userId, now }),
  );

test('of two answers at once one wins, and the other is a conflict', async () => {
  const codes = await Promise.all([outcomeCode(respond('approve')), outcomeCode(respond('request_changes'))]);
  expect(codes.sort()).toEqual(['conflict', 'none']);
  expect(await tenant.eventTypes()).toEqual(['ticket_created', 'approval_request', 'approval_response']);
  const after = await tenant.within((tx) => findApproval(tx, approval.approvalId));
  expect(after).toMatchObject({ respondedAt: now, comment: 'why' });
});

test('nobody but the approver answers', async () => {
  const bob = await tenant.person('Bob', { role: 'admin' });
  expect(await outcomeCode(respond('approve', bob))).toBe('forbidden');
  // Even if the record in hand says otherwise, the row decides.
  expect(await outcomeCode(respond('approve', bob, { ...approval, approverId: bob.userId }))).toBe(
    'conflict',
  );
  const { items } = await tenant.within((tx) =>
    listApprovals(tx, { status: 'pending', approverId: ann.userId }, { limit: 5, after: null }),
  );
  expect(items).toEqual([approval]);
});

test('a mirror cancels and answers; a deactivated approver is refused', async () => {
  const gone = await tenant.person('Gone', { active: false });
  const mirror = (input: object) =>
    tenant.within((tx) =>
      upsertApproval(
        tx,
        'a-1',
        { title: 'Mirrored', approverId: ann.userId, ...input },
        { actorUserId: null, now, notify: true },
      ),
    );
  expect(await outcomeCode(mirror({ approverId: gone.userId }))).toBe('validation_error');
  const created = await mirror({});
  expect(created).toMatchObject({ outcome: 'created', record: { status: 'pending' } });
  expect((await mirror({})).outcome).toBe('unchanged');
  expect((await mirror({ status: 'approved' })).record).toMatchObject({
    status: 'approved',
    respondedAt: now,
  });
  expect(await outcomeCode(respond('approve', ann, created.record))).toBe('conflict');
  expect((await tenant.eventTypes()).slice(-2)).toEqual(['approval_request', 'approval_response']);
});
