/** The desk over HTTP: tickets by id and number, notes, boards, and mirrors of another desk. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../../support/app.ts';
import { makeWorld, newUser, rowsLeftBy, type TenantWorld } from '../../support/tenant-world.ts';

let app: TestApp;
let world: TenantWorld;

beforeAll(async () => {
  app = await startTestApp();
  world = await makeWorld(app);
});
afterAll(() => app.close());

/** Types of the tenant's domain events about a record, oldest first. */
async function eventsOf(id: unknown): Promise<string[]> {
  const rows = await app.services.database.inTenant(world.tenantId, (tx) =>
    tx.query<{ type: string }>(
      'select type from domain_events where tenant_id = $1 and target_id = $2 order by created_at, event_id',
      [tx.tenantId, id],
    ),
  );
  return rows.map((row) => row.type);
}

describe('tickets', () => {
  test('are found by id and by number, with a page of their own', async () => {
    const due = '2031-02-03T09:00:00+02:00';
    const ticket = await world.create('/tickets', {
      title: ' A\tnew  one ',
      description: 'Line\r\nline',
      due_at: due,
    });
    expect(ticket).toMatchObject({
      title: 'A new one',
      description: 'Line\nline',
      priority: 'normal',
      status_kind: 'new',
      due_at: '2031-02-03T07:00:00.000Z',
      created_by: null,
    });
    expect(ticket.url).toBe(`${app.services.publicUrl}/t/${world.slug}/tickets/${ticket.number}`);
    for (const reference of [ticket.ticket_id, ticket.number, `%23${ticket.number}`]) {
      expect((await world.call('GET', `/tickets/${reference}`)).body).toEqual(ticket);
    }
    for (const reference of ['999999', '0', '99999999999', '#', '-1', '1e3']) {
      expect((await world.call('GET', `/tickets/${encodeURIComponent(reference)}`)).status).toBe(404);
    }
  });

  test('change field by field: what is left out stays, null and an empty text empty', async () => {
    const { client_id, user_id } = world.ids;
    const body = {
      title: 'T',
      description: 'D',
      client_id,
      assignee_id: user_id,
      url: 'https://desk.test/1',
    };
    const ticket = await world.create('/tickets', body);
    const path = `/tickets/${ticket.number}`;
    const change = { assignee_id: null, description: '', url: null, priority: 'high' };
    const changed = await world.call('PATCH', path, { key: world.keys.technician, body: change });
    expect(changed.body).toMatchObject({
      title: 'T',
      client_id,
      assignee: null,
      description: '',
      priority: 'high',
    });
    expect(changed.body.url).toBe(`${app.services.publicUrl}/t/${world.slug}/tickets/${ticket.number}`);
    expect(await eventsOf(ticket.ticket_id)).toEqual(['ticket_created', 'assignment', 'assignment']);
  });

  test.each([
    ['assignee_id', randomUUID()],
    ['client_id', randomUUID()],
    ['status_id', randomUUID()],
    ['board_id', randomUUID()],
    ['client_id', 'Contoso'],
    ['url', 'javascript:alert(1)'],
    ['due_at', '2031-02-03'],
    ['priority', 'asap'],
    ['title', '\u200b\u0000'],
  ])('with %s %j are refused by the name of the field', async (field, value) => {
    const { status, body } = await world.call('POST', '/tickets', { body: { title: 'T', [field]: value } });
    expect({ status, code: body.code }).toEqual({ status: 400, code: 'validation_error' });
  });

  test('cannot refer to records of another tenant, which look like missing ones', async () => {
    const foreign = await makeWorld(app);
    for (const field of ['client_id', 'contact_id', 'board_id'] as const) {
      const refused = await Promise.all(
        [foreign.ids[field], randomUUID()].map((id) =>
          world.call('POST', '/tickets', { body: { title: 'T', [field]: id } }),
        ),
      );
      expect(refused.map(({ status }) => status)).toEqual([400, 400]);
      expect(refused[0]?.body.errors).toEqual(refused[1]?.body.errors);
    }
  });

  test('are listed by filters', async () => {
    const user = await world.create('/users', newUser());
    const mine = await world.create('/tickets', { title: 'Zebra crossing', assignee_id: user.user_id });
    const list = async (query: string) =>
      (await world.call('GET', `/tickets?${query}`)).body.items?.map((item) => item.ticket_id);
    expect(await list(`assignee_id=${user.user_id}`)).toEqual([mine.ticket_id]);
    expect(await list('text=zebra%20cross')).toEqual([mine.ticket_id]);
    expect(await list(`text=%23${mine.number}`)).toEqual([mine.ticket_id]);
    expect(await list(`assignee_id=${user.user_id}&open=false`)).toEqual([]);
    expect((await world.call('GET', '/tickets?open=perhaps')).status).toBe(400);
    expect((await world.call('GET', '/tickets?assignee_id=me')).status).toBe(400);
  });
});

describe('a mirrored record', () => {
  test('is made once, changed when it differs, and audited only when it did', async () => {
    const path = `/tickets/by-external-id/${encodeURIComponent('JIRA/42 é')}`;
    const rows = await rowsLeftBy(world, async () => {
      const made = await world.call('PUT', path, { body: { title: 'Mirrored', priority: 'low' } });
      expect(made.status).toBe(201);
      expect(made.body.external_id).toBe('JIRA/42 é');
      const same = await world.call('PUT', path, { body: { title: 'Mirrored' } });
      expect(same.status).toBe(200);
      expect(same.body).toEqual(made.body);
      const changed = await world.call('PUT', path, { body: { title: 'Mirrored twice' } });
      expect(changed.body).toMatchObject({
        ticket_id: made.body.ticket_id,
        priority: 'low',
        title: 'Mirrored twice',
      });
    });
    expect(rows.map((row) => [row.action, row.result])).toEqual([
      ['ticket.upsert', 'success'],
      ['ticket.upsert', 'success'],
    ]);
  });

  test('raises events only when it is told to', async () => {
    const path = `/tickets/by-external-id/${randomUUID()}`;
    const body = { title: 'Quiet', assignee_id: world.ids.user_id };
    const made = await world.call('PUT', path, { body });
    expect(await eventsOf(made.body.ticket_id)).toEqual([]);
    await world.call('PUT', `${path}?notify=false`, { body: { ...body, assignee_id: null } });
    expect(await eventsOf(made.body.ticket_id)).toEqual([]);
    await world.call('PUT', `${path}?notify=true`, { body });
    expect(await eventsOf(made.body.ticket_id)).toEqual(['assignment']);
    const loud = await world.call('PUT', `/tickets/by-external-id/${randomUUID()}?notify=true`, { body });
    expect(await eventsOf(loud.body.ticket_id)).toEqual(['ticket_created', 'assignment']);
    expect((await world.call('PUT', `${path}?notify=1`, { body })).status).toBe(400);
  });

  test.each(['clients', 'contacts', 'boards', 'tickets'])(
    'of %s is one even when it is sent twice at once',
    async (kind) => {
      const path = `/${kind}/by-external-id/${randomUUID()}`;
      const body = kind === 'tickets' ? { title: 'Twice' } : { name: `Twice ${randomUUID()}` };
      const answers = await Promise.all(Array.from({ length: 6 }, () => world.call('PUT', path, { body })));
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 200, 200, 201]);
    },
  );

  test.each(['clients', 'contacts', 'tickets', 'approvals', 'boards'])(
    'of %s keeps its external id to itself',
    async (kind) => {
      const body = {
        clients: { name: 'A' },
        contacts: { name: 'A' },
        boards: { name: `Board ${randomUUID()}` },
        tickets: { title: 'A' },
        approvals: { title: 'A', approver_id: world.ids.user_id },
      }[kind];
      const external_id = randomUUID();
      await world.create(`/${kind}`, { ...body, external_id });
      const again = await world.call('POST', `/${kind}`, { body: { ...body, external_id } });
      expect({ status: again.status, code: again.body.code }).toEqual({ status: 409, code: 'conflict' });
    },
  );

  test('with an id that is too long is refused', async () => {
    const { status } = await world.call('PUT', `/clients/by-external-id/${'x'.repeat(201)}`, {
      body: { name: 'A' },
    });
    expect(status).toBe(400);
  });
});

describe('notes', () => {
  test('are of a user or of a contact, each of its kind', async () => {
    const ticket = await world.create('/tickets', { title: 'Noted' });
    const path = `/tickets/${ticket.number}/notes`;
    const { user_id, contact_id } = world.ids;
    const kinds = [
      { text: 'one', author_user_id: user_id },
      { text: 'two', author_user_id: user_id, kind: 'customer_reply' },
      { text: 'three', author_contact_id: contact_id },
    ];
    for (const body of kinds) await world.create(path, body);
    const { body } = await world.call('GET', path);
    expect(body.items?.map(({ kind, text, author }) => [kind, text, author])).toEqual([
      ['contact_note', 'three', 'Cleo'],
      ['customer_reply', 'two', 'Ann'],
      ['internal_note', 'one', 'Ann'],
    ]);
    expect(await eventsOf(ticket.ticket_id)).toEqual([
      'ticket_created',
      'note_added',
      'reply_to_contact',
      'customer_reply',
    ]);
  });

  test('without exactly one author that exists are refused', async () => {
    const path = `/tickets/${world.ids.ticket}/notes`;
    const { user_id: author_user_id, contact_id: author_contact_id } = world.ids;
    for (const body of [
      { text: 'x' },
      { text: 'x', author_user_id, author_contact_id },
      { text: 'x', author_contact_id, kind: 'internal_note' },
      { text: 'x', author_user_id: randomUUID() },
      { text: 'x', author_contact_id: randomUUID() },
      { text: ' ', author_user_id },
    ]) {
      expect((await world.call('POST', path, { body })).body.code).toBe('validation_error');
    }
  });
});

test('a board comes with its statuses, or with the usual four; names are unique', async () => {
  const name = `Board ${randomUUID()}`;
  const statuses = [
    { name: 'Inbox', kind: 'new' },
    { name: 'Done', kind: 'closed' },
  ];
  const own = await world.create('/boards', { name, statuses });
  expect(own.statuses).toMatchObject(statuses);
  expect((await world.call('POST', '/boards', { body: { name } })).body.code).toBe('conflict');
  const usual = await world.create('/boards', { name: `Board ${randomUUID()}`, default: true });
  expect((usual.statuses as { kind: string }[]).map(({ kind }) => kind)).toEqual([
    'new',
    'open',
    'waiting',
    'closed',
  ]);
  const { items = [] } = (await world.call('GET', '/boards')).body;
  expect(items.filter((board) => board.default === true)).toHaveLength(1);
  const ticket = await world.create('/tickets', { title: 'On the default board' });
  expect(ticket.board_id).toBe(usual.board_id);
  const none = await world.call('POST', '/boards', { body: { name: 'Broken', statuses: [statuses[1]] } });
  expect(none.status).toBe(400);
});

test('approvals are asked for, listed by approver, and decided by the other desk when mirrored', async () => {
  const approver = await world.create('/users', newUser());
  const asked = await world.create('/approvals', { title: 'Laptop', approver_id: approver.user_id });
  expect(asked).toMatchObject({ status: 'pending', responded_at: null });
  expect(await eventsOf(asked.approval_id)).toEqual(['approval_request']);
  const path = `/approvals/by-external-id/${randomUUID()}`;
  const body = { title: 'Phone', approver_id: approver.user_id };
  const mirrored = await world.call('PUT', path, { body });
  const decided = await world.call('PUT', `${path}?notify=true`, {
    body: { ...body, status: 'approved', comment: 'ok' },
  });
  expect(decided.body).toMatchObject({
    approval_id: mirrored.body.approval_id,
    status: 'approved',
    comment: 'ok',
  });
  expect(await eventsOf(mirrored.body.approval_id)).toEqual(['approval_response']);
  const pending = await world.call('GET', `/approvals?approver_id=${approver.user_id}&status=pending`);
  expect(pending.body.items?.map((item) => item.approval_id)).toEqual([asked.approval_id]);
});
