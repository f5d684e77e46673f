/** Groups and preferences over HTTP. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newId } from '../../../src/kernel/ids.ts';
import { startTestApp, type TestApp } from '../../support/app.ts';
import { makeWorld, newUser, type TenantWorld } from '../../support/tenant-world.ts';

let app: TestApp;
let world: TenantWorld;

beforeAll(async () => {
  app = await startTestApp();
  world = await makeWorld(app);
});
afterAll(() => app.close());

describe('groups', () => {
  test('hold each of their members once, and keep what a change leaves out', async () => {
    const ids: string[] = [];
    for (let i = 0; i < 3; i += 1) ids.push(String((await world.create('/users', newUser())).user_id));
    const [a = '', b = '', c = ''] = ids;
    const group = await world.create('/groups', {
      name: ' Night\u0007 shift ',
      members: [a, b, a.toUpperCase()],
    });
    expect(group).toMatchObject({ name: 'Night shift', member_count: 2 });
    expect(group.members).toEqual([a, b].sort());
    const path = `/groups/${group.group_id}`;
    expect((await world.call('GET', path)).body).toEqual(group);

    const renamed = await world.call('PATCH', path, { body: { name: 'Day shift' } });
    expect(renamed.body).toMatchObject({ name: 'Day shift', members: group.members });
    const replaced = await world.call('PATCH', path, { body: { members: [c] } });
    expect(replaced.body).toMatchObject({ name: 'Day shift', members: [c], member_count: 1 });
    const { members: _members, ...shown } = replaced.body;
    expect((await world.call('GET', '/groups')).body.items).toContainEqual(shown);

    expect((await world.call('DELETE', path)).status).toBe(204);
    for (const method of ['GET', 'DELETE']) expect((await world.call(method, path)).status).toBe(404);
  });

  test('share no name', async () => {
    const group = await world.create('/groups', { name: 'Twice' });
    const other = await world.create('/groups', { name: 'Once' });
    expect((await world.call('POST', '/groups', { body: { name: 'Twice' } })).body.code).toBe('conflict');
    const renamed = await world.call('PATCH', `/groups/${other.group_id}`, { body: { name: 'Twice' } });
    expect(renamed.body.code).toBe('conflict');
    const same = await world.call('PATCH', `/groups/${group.group_id}`, { body: { name: 'Twice' } });
    expect(same.status).toBe(200);
  });

  test('have no members of another tenant', async () => {
    const foreign = await makeWorld(app);
    const { group_id } = world.ids;
    for (const nobody of [foreign.ids.user_id, newId()]) {
      const members = [world.ids.user_id, nobody];
      for (const answer of [
        await world.call('POST', '/groups', { body: { name: 'Mixed', members } }),
        await world.call('PATCH', `/groups/${group_id}`, { body: { members } }),
      ]) {
        expect(answer.body.errors).toEqual([{ path: 'members.1', message: 'is no user' }]);
      }
    }
    expect((await world.call('GET', `/groups/${group_id}`)).body.members).toEqual([world.ids.user_id]);
  });
});

describe('preferences', () => {
  const pathOf = (userId: string) => `/users/${userId}/preferences`;

  test('are empty at first, and then as they were put', async () => {
    const user = await world.create('/users', newUser({ time_zone: 'Europe/Berlin' }));
    const path = pathOf(String(user.user_id));
    const none = { user_id: user.user_id, time_zone: 'Europe/Berlin', quiet_hours: null, categories: {} };
    expect((await world.call('GET', path)).body).toEqual(none);
    const body = {
      quiet_hours: { from: '22:00', to: '07:00' },
      categories: {
        announcement: { channels: ['slack_dm', 'teams_chat'], both: true, muted: false },
        test: { muted: true },
      },
    };
    const put = await world.call('PUT', path, { body });
    expect(put.status).toBe(200);
    expect(put.body).toEqual({ ...none, ...body });
    expect((await world.call('GET', path)).body).toEqual(put.body);
    // Contract: what is put is all there is.
    expect((await world.call('PUT', path, { body: {} })).body).toEqual(none);
  });

  test.each([
    ['quiet_hours.from', { quiet_hours: { from: '7:00', to: '08:00' } }],
    ['quiet_hours.from', { quiet_hours: { from: '24:00', to: '08:00' } }],
    ['quiet_hours.to', { quiet_hours: { from: '07:00', to: '07:00' } }],
    ['quiet_hours.to', { quiet_hours: { from: '07:00' } }],
    ['categories.spam', { categories: { spam: { muted: true } } }],
    ['categories.test.channels.0', { categories: { test: { channels: ['fax'] } } }],
    ['categories.test.channels', { categories: { test: { channels: [] } } }],
    ['categories.test.channels', { categories: { test: { channels: ['slack_dm', 'slack_dm'] } } }],
    ['categories.test.both', { categories: { test: { channels: ['slack_dm'], both: true } } }],
    ['categories.test.loud', { categories: { test: { loud: true } } }],
    ['categories.test.muted', { categories: { test: { muted: 'yes' } } }],
  ])('are refused by the field %s: %j', async (field, body) => {
    const answer = await world.call('PUT', pathOf(world.ids.user_id), { body });
    expect(answer.status).toBe(400);
    expect((answer.body.errors as { path: string }[]).map((error) => error.path)).toContain(field);
  });
});
