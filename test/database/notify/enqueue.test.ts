/** Accepting notifications on a real database: recipients, faults, repeats. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { AnnouncedWork, Database } from '../../../src/infra/database.ts';
import { DeskbridgeError, type FieldError } from '../../../src/kernel/errors.ts';
import { newId } from '../../../src/kernel/ids.ts';
import { type Enqueued, enqueueNotification, type NotificationRequest } from '../../../src/notify/enqueue.ts';
import { insertGroup } from '../../../src/notify/group-store.ts';
import type { Recipient } from '../../../src/notify/recipients.ts';
import { announcement, at, hourMs, NotifyTenant, now, openDatabase } from './notify-fixture.ts';

let database: Database;
let close: () => Promise<void>;
let tenant: NotifyTenant;

beforeAll(async () => {
  ({ database, close } = await openDatabase());
});
afterAll(() => close());
beforeEach(async () => {
  await database.directory.execute('delete from due_work');
  tenant = await NotifyTenant.create(database);
});

function enqueue(to: readonly Recipient[], over: Partial<NotificationRequest> = {}): Promise<Enqueued> {
  return tenant.within((tx) => enqueueNotification(tx, { ...announcement, to, ...over }, now));
}

async function faultsOf(work: Promise<unknown>): Promise<FieldError[]> {
  const error = await work.then(
    () => null,
    (caught: unknown) => caught,
  );
  if (!(error instanceof DeskbridgeError)) throw error ?? new Error('nothing was refused');
  expect(error.code).toBe('validation_error');
  return error.fields;
}

interface Stored {
  ordinal: number;
  user_id: string | null;
  conversation_id: string | null;
  registration_id: string | null;
  address: string | null;
}

const audience = (notificationId: string) =>
  tenant.within((tx) =>
    tx.query<Stored>(
      `select ordinal, user_id, conversation_id, registration_id, address from notification_audience
        where tenant_id = $1 and notification_id = $2 order by ordinal`,
      [tx.tenantId, notificationId],
    ),
  );

const notification = async (notificationId: string) => {
  const [row] = await tenant.within((tx) =>
    tx.query<Record<string, unknown>>(
      'select * from notifications where tenant_id = $1 and notification_id = $2',
      [tx.tenantId, notificationId],
    ),
  );
  return row;
};

const dueWork = () =>
  database.directory.query(`select item_id, due_at from due_work where kind = 'audience' order by item_id`);

describe('recipients', () => {
  it('of every kind are written once each, in their order', async () => {
    const registration = await tenant.registration('slack');
    const [ann, ben] = [await tenant.person('ann'), await tenant.person('ben')];
    const conversation = await tenant.conversation(registration, 'slack', { group: 'C1' });
    const enqueued = await enqueue([
      { registration, address: 'C9' },
      { user: ben },
      { conversation },
      { user: ann.toUpperCase() },
      { user: ben },
      { conversation },
      { registration, address: 'C9' },
    ]);
    expect(enqueued).toMatchObject({ recipients: 4, repeated: false });
    expect(await audience(enqueued.notificationId)).toEqual([
      { ordinal: 1, user_id: ben, conversation_id: null, registration_id: null, address: null },
      { ordinal: 2, user_id: ann, conversation_id: null, registration_id: null, address: null },
      { ordinal: 3, user_id: null, conversation_id: conversation, registration_id: null, address: null },
      { ordinal: 4, user_id: null, conversation_id: null, registration_id: registration, address: 'C9' },
    ]);
    expect(await notification(enqueued.notificationId)).toMatchObject({
      recipients: 4,
      category: 'announcement',
      content: announcement.content,
      on_unknown: 'hold',
      priority: 0,
      created_at: now,
      created_by_kind: 'key',
      created_by: 'k1',
    });
  });

  it('are the members of groups, and for everyone the active users, each once', async () => {
    const [ann, ben, cara] = [
      await tenant.person('ann'),
      await tenant.person('ben'),
      await tenant.person('cara'),
    ];
    const left = await tenant.person('left', { active: false });
    const group = newId();
    await tenant.within((tx) =>
      insertGroup(tx, { groupId: group, name: 'on call', members: [ben, left] }, now),
    );
    const toGroup = await enqueue([{ group }, { user: ann }, { group }]);
    expect(toGroup.recipients).toBe(3);
    expect((await audience(toGroup.notificationId)).map((row) => row.user_id)[0]).toBe(ann);
    const toAll = await enqueue([{ everyone: true }, { user: ben }]);
    expect(new Set((await audience(toAll.notificationId)).map((row) => row.user_id))).toEqual(
      new Set([ann, ben, cara]),
    );
    expect(toAll.recipients).toBe(3);
    expect((await enqueue([{ everyone: true }, { group }])).recipients).toBe(4);
  });

  it('that the tenant does not have are named, the first twenty of them', async () => {
    const ann = await tenant.person('ann');
    const missing = newId();
    expect(
      await faultsOf(
        enqueue([
          { user: ann },
          { group: missing },
          { user: missing },
          { conversation: missing },
          { registration: missing, address: 'C1' },
        ]),
      ),
    ).toEqual([
      { path: 'to.1', message: 'is no group' },
      { path: 'to.2', message: 'is no user' },
      { path: 'to.3', message: 'is no conversation' },
      { path: 'to.4', message: 'is no registration' },
    ]);
    const many = await faultsOf(
      enqueue([{ user: ann }, ...Array.from({ length: 50 }, () => ({ user: newId() }))]),
    );
    expect(many.map(({ path }) => path)).toEqual(Array.from({ length: 20 }, (_, index) => `to.${index + 1}`));
    expect(await faultsOf(enqueue([{ user: "x'; drop table users" }]))).toEqual([
      { path: 'to.0', message: 'is no user' },
    ]);
    expect(await tenant.count('notifications')).toBe(0);
  });

  it("of another tenant are none of this one's", async () => {
    const other = await NotifyTenant.create(database);
    const registration = await other.registration('slack');
    const user = await other.person('ann');
    const conversation = await other.conversation(registration, 'slack', { group: 'C1' });
    const group = newId();
    await other.within((tx) => insertGroup(tx, { groupId: group, name: 'on call', members: [user] }, now));
    const faults = await faultsOf(
      enqueue([{ user }, { conversation }, { group }, { registration, address: 'C1' }]),
    );
    expect(faults.map(({ path }) => path)).toEqual(['to.0', 'to.1', 'to.2', 'to.3']);
  });
});

describe('the time', () => {
  it('is now, and the notifier hears of it once it is committed', async () => {
    const heard: AnnouncedWork[] = [];
    const stop = database.onAnnounced((work) => heard.push(work));
    const { notificationId } = await enqueue([{ user: await tenant.person('ann') }]);
    stop();
    expect(heard).toContainEqual({ kind: 'audience', tenantId: tenant.tenantId, id: notificationId });
    expect(await dueWork()).toEqual([{ item_id: notificationId, due_at: now }]);
  });

  it('is the one asked for; a local one begins fourteen hours before it is that time in UTC', async () => {
    const user = await tenant.person('ann');
    const heard: AnnouncedWork[] = [];
    const stop = database.onAnnounced((work) => heard.push(work));
    const later = await enqueue([{ user }], { sendAt: at(5 * hourMs) });
    expect(await dueWork()).toEqual([{ item_id: later.notificationId, due_at: at(5 * hourMs) }]);
    const local = await enqueue([{ user }], { sendAtLocal: '2026-11-22T09:00' });
    expect(await dueWork()).toContainEqual({
      item_id: local.notificationId,
      due_at: new Date('2026-11-21T19:00:00.000Z'),
    });
    stop();
    expect(heard.filter(({ kind }) => kind === 'audience')).toEqual([]);
    expect(await faultsOf(enqueue([{ user }], { sendAtLocal: '2026-02-30T09:00' }))).toMatchObject([
      { path: 'send_at' },
    ]);
    expect(
      await faultsOf(enqueue([{ user }], { sendAtLocal: '2026-11-22T09:00', sendAt: now })),
    ).toMatchObject([{ path: 'send_at' }]);
  });
});

describe('a repeat', () => {
  const request = { key: 'k', fingerprint: 'f' };

  it('of a key and fingerprint is the first notification again; another fingerprint is refused', async () => {
    const user = await tenant.person('ann');
    const first = await enqueue([{ user }], { request });
    expect(await enqueue([{ user }], { request })).toEqual({ ...first, repeated: true });
    await expect(enqueue([{ user }], { request: { ...request, fingerprint: 'g' } })).rejects.toMatchObject({
      code: 'idempotency_key_reused',
    });
    expect(await tenant.count('notifications')).toBe(1);
    const other = await NotifyTenant.create(database);
    const elsewhere = await other.within(async (tx) =>
      enqueueNotification(tx, { ...announcement, to: [], request }, now),
    );
    expect(elsewhere.repeated).toBe(false);
  });

  it('at the same moment waits for the first', async () => {
    const user = await tenant.person('ann');
    const results = await Promise.all(Array.from({ length: 8 }, () => enqueue([{ user }], { request })));
    expect(results.filter(({ repeated }) => !repeated)).toHaveLength(1);
    expect(new Set(results.map(({ notificationId }) => notificationId)).size).toBe(1);
    expect(await tenant.count('notifications')).toBe(1);
  });

  it('of a refused one is free', async () => {
    await faultsOf(enqueue([{ user: newId() }], { request }));
    expect((await enqueue([{ user: await tenant.person('ann') }], { request })).repeated).toBe(false);
  });
});
