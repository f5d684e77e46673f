/** In which language, and in whose time zone, somebody is answered. */
import { describe, expect, it } from 'vitest';
import { createCommandParser } from '../../../src/actions/parse-command.ts';
import { presentFor } from '../../../src/actions/references/present.ts';
import { actions } from '../../../src/actions/registry.ts';
import { presentTicket } from '../../../src/desk/present-ticket.ts';
import type { TicketRecord } from '../../../src/desk/records.ts';
import type { InboundContextRow } from '../../../src/inbound/inbound-queries.ts';
import { interpret } from '../../../src/inbound/interpret.ts';
import { setScene } from '../../../src/inbound/scene.ts';
import type { Intent } from '../../../src/kernel/activity.ts';
import { languages } from '../../../src/words/index.ts';
import { testActivity, testReference } from '../../support/activity.ts';

const interpreter = {
  parser: createCommandParser(actions, languages),
  actions: new Map(actions.map((action) => [action.id as string, action])),
  publicUrl: 'https://desk.example.test',
};

interface Given {
  /** The person's setting. */
  person?: string;
  /** What the platform reports. */
  activity?: string;
  tenant?: string;
  timeZone?: string;
  intent?: Intent;
}

const typed = (text: string): Intent => ({ kind: 'command', text, source: null });

function sceneOf({ person, activity: reported, tenant = 'en', timeZone, intent = typed('x') }: Given) {
  const reference = testReference({
    platformConversationId: 'c',
    type: 'personal',
    organization: 'o',
    platformUserId: 'p',
    locale: reported ?? null,
  });
  const activity = testActivity({
    platform: 'teams',
    reference,
    person: { platformUserId: 'p', name: null },
    replyBy: 'message',
    intent,
  });
  const row = {
    slug: 'acme',
    tenant_name: 'Acme',
    allowed_actions: null,
    surfaces: null,
    group_chat: false,
    language: tenant,
    user_id: 'u',
    user_name: 'Ann',
    email: 'ann@acme.test',
    roles: ['technician'],
    locale: person ?? null,
    time_zone: timeZone ?? null,
  } as unknown as InboundContextRow;
  const reading = interpret(activity, interpreter, person ?? reported ?? tenant);
  // Only what the choice of words depends on; nothing here reaches the database.
  const deps = {
    interpreter,
    publicUrl: interpreter.publicUrl,
    nonces: { issue: () => 'nonce' },
    capabilitiesOf: () => ({}),
  } as unknown as Parameters<typeof setScene>[0];
  const facts = {
    tx: { tenantId: 't' },
    activity,
    registration: { registrationId: 'r' },
    row,
    conversationId: 'c',
    reading,
    now: new Date('2026-03-05T12:00:00Z'),
  } as unknown as Parameters<typeof setScene>[1];
  return setScene(deps, facts);
}

describe('the language of an answer', () => {
  it.each<[string, Given]>([
    ['en', { person: 'en', activity: 'zh-CN', tenant: 'zh-Hans', intent: typed('我的工单') }],
    ['zh-Hans', { person: 'zh_CN', activity: 'en-US', intent: typed('my tickets') }],
    ['zh-Hans', { activity: 'en-US', intent: typed('我的工单') }],
    ['en', { activity: 'zh-CN', tenant: 'zh-Hans', intent: typed('my tickets') }],
    ['zh-Hans', { activity: 'en-US', intent: typed('分配') }],
    ['zh-Hans', { activity: 'en-US', intent: typed('我得工单') }],
    ['zh-Hans', { activity: 'zh-TW', intent: typed('xyzzy') }],
    ['zh-Hans', { activity: 'zh_cn', intent: typed('') }],
    ['en', { activity: 'en-GB', tenant: 'zh-Hans', intent: typed('xyzzy') }],
    ['zh-Hans', { tenant: 'zh-Hans', intent: typed('xyzzy') }],
    ['zh-Hans', { activity: 'zh-CN', intent: { kind: 'press', action: 'help', input: {}, nonce: null } }],
    ['en', { intent: typed('xyzzy') }],
    // A language that we do not speak decides nothing.
    ['zh-Hans', { person: 'fr', intent: typed('我的工单') }],
    ['zh-Hans', { activity: 'fr-FR', tenant: 'zh-Hans', intent: typed('xyzzy') }],
    ['en', { person: 'fr', activity: 'de', tenant: 'en', intent: typed('xyzzy') }],
  ])('is %s for %j', (locale, given) => {
    expect(sceneOf(given).say.locale).toBe(locale);
  });
});

describe('times on a card', () => {
  const ticket: TicketRecord = {
    ticketId: 't',
    number: 1002,
    title: 'Printer',
    description: '',
    createdAt: new Date('2026-03-05T22:30:00Z'),
    dueAt: new Date('2026-03-06T23:00:00Z'),
    closedAt: null,
    priority: 'normal',
    statusName: 'New',
    statusKind: 'new',
    assigneeId: null,
    assigneeName: null,
    clientName: null,
    contactName: null,
    contactId: null,
    url: null,
  } as unknown as TicketRecord;

  it.each([
    ['en', 'Asia/Shanghai', 'Mar 6, 2026, 6:30 AM', 'Mar 7, 2026, 7:00 AM'],
    ['zh-CN', 'Asia/Shanghai', '2026年3月6日 6:30', '2026年3月7日 7:00'],
    ['zh-CN', 'America/New_York', '2026年3月5日 17:30', '2026年3月6日 18:00'],
  ])('are those of the person: %s, %s', (person, timeZone, created, due) => {
    const { context } = sceneOf({ person, timeZone });
    const values = presentTicket(presentFor(context), ticket).facts?.map(({ value }) => value);
    expect(values).toEqual(expect.arrayContaining([created, due]));
  });
});
