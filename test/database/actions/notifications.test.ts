/** What people see and change of their own notifications, on a real database. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Actor } from '../../../src/actions/define-action.ts';
import type { Database } from '../../../src/infra/database.ts';
import type { Button } from '../../../src/kernel/message.ts';
import { preferencesOf } from '../../../src/notify/mute-category.ts';
import { type Preferences, writePreferences } from '../../../src/notify/preference-store.ts';
import { now, openDesk, outcomeCode, TestTenant } from '../desk/desk-fixture.ts';

let database: Database;
let close: () => Promise<void>;
let tenant: TestTenant;
let ann: Actor;
beforeAll(async () => {
  ({ database, close } = await openDesk());
});
afterAll(() => close());
beforeEach(async () => {
  tenant = await TestTenant.create(database);
  ann = await tenant.person('Ann');
});

const wanted: Preferences = {
  quietHours: { from: '22:00', to: '07:00' },
  categories: {
    announcement: { channels: ['slack_dm', 'teams_chat', 'lark_user'], both: true, muted: true },
    escalation: { channels: ['teams_feed'] },
  },
};
const set = (actor: Actor, preferences: Preferences) =>
  tenant.within((tx) => writePreferences(tx, actor.userId, preferences, now));
const kept = (actor: Actor) => tenant.within((tx) => preferencesOf(tx, actor.userId));

function pressed(button: Button | undefined): { action: string; input: object } {
  if (button?.kind !== 'action') throw new Error('no action');
  return button;
}

test('somebody who never said anything sees every category, with a button to mute it', async () => {
  const { message } = await tenant.run(ann, 'notifications', {});
  expect(message.facts).toEqual([
    { label: 'Channel', value: 'Where you last wrote to me' },
    { label: 'Quiet hours', value: 'None' },
  ]);
  expect(message.items?.map(({ title }) => title)).toContain('Customer replies');
  expect(message.items).toHaveLength(7);
  for (const item of message.items ?? []) {
    expect(item).not.toHaveProperty('text');
    expect(pressed(item.buttons?.[0])).toMatchObject({ action: 'mute' });
  }
});

test('channels, quiet hours and what is muted are told', async () => {
  await set(ann, wanted);
  const { message } = await tenant.run(ann, 'notifications', {});
  expect(message.facts?.[1]?.value).toBe('22:00 to 07:00 (Europe/Berlin)');
  const rowOf = (title: string) => message.items?.find((item) => item.title === title);
  expect(rowOf('Announcements')).toMatchObject({ text: 'Muted', buttons: [{ label: 'Unmute' }] });
  expect(rowOf('Overdue tickets')?.text).toBe('Teams activity');
  const both = { ...wanted.categories.announcement, muted: false };
  await set(ann, { ...wanted, categories: { announcement: both } });
  const [again] = (await tenant.run(ann, 'notifications', {})).message.items?.slice(-1) ?? [];
  expect(again?.text).toBe('Slack and Teams chat, else Lark');
});

test('mute and unmute change one category and keep everything else', async () => {
  await set(ann, wanted);
  const muted = await tenant.run(ann, 'mute', { category: 'Overdue tickets' });
  expect(muted).toMatchObject({ message: { title: 'Muted: Overdue tickets' }, target: { id: ann.userId } });
  expect(await kept(ann)).toEqual({
    ...wanted,
    categories: { ...wanted.categories, escalation: { channels: ['teams_feed'], muted: true } },
  });
  const back = pressed(muted.message.buttons?.[0]);
  expect(back).toMatchObject({ action: 'unmute', input: { category: 'escalation' } });
  await tenant.run(ann, back.action, back.input, { surface: 'card' });
  expect(await kept(ann)).toEqual(wanted);
});

test('a button of the list shows the list as it is then', async () => {
  const { message } = await tenant.run(ann, 'notifications', {});
  const button = pressed(message.items?.[0]?.buttons?.[0]);
  const shown = await tenant.run(ann, button.action, button.input, { surface: 'card' });
  expect(shown.message).toMatchObject({ title: 'Muted: Assignments', tone: 'good' });
  expect(shown.message.items?.[0]).toMatchObject({ text: 'Muted', buttons: [{ action: 'unmute' }] });
  expect(shown.message.items).toHaveLength(7);
});

test('categories are named in either language or by id; what is none names those that there are', async () => {
  for (const category of ['公告', 'announcement', 'ANNOUNCEMENTS'])
    await tenant.run(ann, 'mute', { category });
  expect((await kept(ann)).categories).toEqual({ announcement: { muted: true } });
  const refused = tenant.run(ann, 'mute', { category: 'weather' });
  await expect(refused).rejects.toMatchObject({
    fields: [{ path: 'category', message: expect.stringContaining('Customer replies') }],
  });
  expect(await outcomeCode(tenant.run(ann, 'mute', { category: 'test' }))).toBe('validation_error');
});

test('everybody has their own, and two changes at once both stand', async () => {
  const bob = await tenant.person('Bob');
  await set(ann, wanted);
  await Promise.all(
    ['assignment', 'sla_risk', 'escalation'].map((category) => tenant.run(ann, 'mute', { category })),
  );
  const { categories } = await kept(ann);
  expect([categories.assignment, categories.sla_risk, categories.escalation]).toMatchObject([
    { muted: true },
    { muted: true },
    { muted: true },
  ]);
  expect(await kept(bob)).toEqual({ quietHours: null, categories: {} });
});
