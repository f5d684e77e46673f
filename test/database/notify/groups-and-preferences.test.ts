/** Groups and preferences on a real database. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Database } from '../../../src/infra/database.ts';
import { newId } from '../../../src/kernel/ids.ts';
import {
  deleteGroup,
  type GroupRow,
  insertGroup,
  listGroups,
  members,
  readGroup,
  unknownUsers,
  updateGroup,
} from '../../../src/notify/group-store.ts';
import {
  lockPreferences,
  type Preferences,
  readPreferences,
  writePreferences,
} from '../../../src/notify/preference-store.ts';
import { at, NotifyTenant, now, openDatabase } from './notify-fixture.ts';

let database: Database;
let close: () => Promise<void>;
let tenant: NotifyTenant;
let people: string[];

beforeAll(async () => {
  ({ database, close } = await openDatabase());
});
afterAll(() => close());
beforeEach(async () => {
  tenant = await NotifyTenant.create(database);
  people = [await tenant.person('ann'), await tenant.person('ben'), await tenant.person('cara')].sort();
});

const make = (
  name: string,
  ids: readonly string[],
  time = now,
  groupId = newId(),
): Promise<GroupRow | null> => tenant.within((tx) => insertGroup(tx, { groupId, name, members: ids }, time));

test('a group has a name of its own and its members once each', async () => {
  const group = await make('on call', [...people, ...people.slice(0, 1)]);
  expect(group).toMatchObject({ name: 'on call', member_count: 3, created_at: now });
  expect(await make('on call', [])).toBeNull();
  const groupId = group?.group_id ?? '';
  expect(await tenant.within((tx) => members(tx, groupId, { limit: 2 }))).toEqual(people.slice(0, 2));
  const rest = { limit: 2, after: people[1] };
  expect(await tenant.within((tx) => members(tx, groupId, rest))).toEqual(people.slice(2));
});

test('its name and members change apart', async () => {
  const group = await make('on call', people);
  await make('others', []);
  const groupId = group?.group_id ?? '';
  const change = (fields: { name?: string; members?: string[] }, id = groupId) =>
    tenant.within((tx) => updateGroup(tx, id, fields, at(1)));
  expect(await change({ name: 'night shift' })).toMatchObject({
    name: 'night shift',
    member_count: 3,
    updated_at: at(1),
  });
  expect(await change({ members: people.slice(1) })).toMatchObject({ name: 'night shift', member_count: 2 });
  expect(await change({ name: 'others' })).toBe('name_taken');
  expect(await change({ name: 'x' }, newId())).toBe('gone');
  expect(await tenant.within((tx) => deleteGroup(tx, groupId))).toBe(true);
  expect(await tenant.within((tx) => deleteGroup(tx, groupId))).toBe(false);
  expect(await tenant.count('user_group_members')).toBe(0);
});

test('groups are listed newest first, page by page, and are those of the tenant alone', async () => {
  const made: string[] = [];
  for (let index = 0; index < 3; index += 1)
    made.unshift((await make(`g${index}`, [], at(index)))?.group_id ?? '');
  const list = (after: { createdAt: Date; id: string } | null) =>
    tenant.within((tx) => listGroups(tx, { limit: 2, after }));
  const first = await list(null);
  expect(first.map((row) => row.group_id)).toEqual(made.slice(0, 2));
  expect((await list({ createdAt: at(1), id: made[1] ?? '' })).map((row) => row.group_id)).toEqual(
    made.slice(2),
  );
  const other = await NotifyTenant.create(database);
  expect(await other.within((tx) => listGroups(tx, { limit: 9, after: null }))).toEqual([]);
  expect(await other.within((tx) => readGroup(tx, made[0] ?? ''))).toBeNull();
  expect(await other.within((tx) => unknownUsers(tx, people, 2))).toEqual(people.slice(0, 2));
  expect(await tenant.within((tx) => unknownUsers(tx, people, 2))).toEqual([]);
});

test('preferences are none until they are written, and are replaced whole', async () => {
  const [ann = ''] = people;
  const none: Preferences = { quietHours: null, categories: {} };
  expect(await tenant.within((tx) => readPreferences(tx, ann))).toEqual(none);
  const some: Preferences = {
    quietHours: { from: '22:00', to: '07:00' },
    categories: { announcement: { channels: ['slack_dm', 'teams_feed'], both: true, muted: false } },
  };
  await tenant.within((tx) => writePreferences(tx, ann, some, now));
  expect(await tenant.within((tx) => lockPreferences(tx, ann, now))).toEqual(some);
  await tenant.within((tx) =>
    writePreferences(tx, ann, { ...none, categories: { test: { muted: true } } }, now),
  );
  expect(await tenant.within((tx) => readPreferences(tx, ann))).toEqual({
    quietHours: null,
    categories: { test: { muted: true } },
  });
  const other = await NotifyTenant.create(database);
  expect(await other.within((tx) => readPreferences(tx, ann))).toEqual(none);
});
