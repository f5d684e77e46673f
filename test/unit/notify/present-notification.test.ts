/** Cards of notifications: what their reader is told, in which words and zone, and what can be done from there. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Button, Message } from '../../../src/kernel/message.ts';
import { toPlainText } from '../../../src/kernel/message.ts';
import {
  type Presenting,
  presentNotification,
  presentWithdrawn,
} from '../../../src/notify/present-notification.ts';
import { categories, type NotificationContent, type TicketSnapshot } from '../../../src/notify/records.ts';
import { languages, translator } from '../../../src/words/index.ts';

const ticket: TicketSnapshot = {
  ticketId: '01933f2a-7c00-7abc-8def-0123456789ab',
  number: 1002,
  title: 'Printer on floor 3 is jammed',
  statusName: 'New',
  statusKind: 'new',
  priority: 'high',
  clientName: 'Contoso',
  assigneeId: 'ann',
  assigneeName: 'Ann',
  dueAt: '2026-03-05T22:30:00.000Z',
  url: null,
};

const approval: NotificationContent = {
  kind: 'approval',
  approvalId: 'a1',
  title: 'New drum',
  description: 'Two offers are attached.',
  requesterName: 'Ben',
  ticketNumber: 1002,
};

function news(fields: Partial<TicketSnapshot> = {}, more: { actor?: string; excerpt?: string } = {}) {
  const { actor = null, excerpt = null } = more;
  return { kind: 'ticket' as const, ticket: { ...ticket, ...fields }, actorName: actor, excerpt };
}

function present(
  given: Partial<Presenting> & Pick<Presenting, 'category' | 'content'>,
  locale = 'en',
): Message {
  return presentNotification({
    say: translator(locale),
    timeZone: 'Asia/Shanghai',
    ticketUrl: ({ number, url }) => url ?? `https://desk.test/t/acme/tickets/${number}`,
    nonce: (label) => `nonce of ${label}`,
    recipient: 'person',
    userId: 'ann',
    ...given,
  });
}

const labels = (message: Message) => (message.buttons ?? []).map(({ label }) => label);
const factOf = (message: Message, label: string) =>
  message.facts?.find((fact) => fact.label === label)?.value;
const nonces = (buttons: Button[] | undefined) =>
  (buttons ?? []).flatMap((button) =>
    'nonce' in button && button.nonce !== undefined ? [button.nonce] : [],
  );

describe('an assignment', () => {
  it('says what is whose, by whom, and names the ticket', () => {
    const card = present({ category: 'assignment', content: news({}, { actor: 'Ben' }) });
    expect(card).toMatchObject({ title: 'Ben assigned #1002 to you', text: 'Printer on floor 3 is jammed' });
    expect(present({ category: 'assignment', content: news() }).title).toBe('#1002 is assigned to you');
    expect(present({ category: 'assignment', content: news({}, { actor: 'Ben' }) }, 'zh').title).toBe(
      'Ben 把 #1002 分配给了你',
    );
  });

  it('tells a group who has the ticket', () => {
    const inGroup = { category: 'assignment', recipient: 'group', userId: null } as const;
    expect(present({ ...inGroup, content: news({}, { actor: 'Ben' }) }).title).toBe(
      'Ben assigned #1002 to Ann',
    );
    const nobodys = news({ assigneeId: null, assigneeName: null });
    expect(present({ ...inGroup, content: nobodys }).title).toBe('#1002 is assigned to nobody any more');
  });

  it('is offered to be taken where it is nobody’s or somebody else’s, and open', () => {
    const offered = (fields: Partial<TicketSnapshot>, more: Partial<Presenting> = {}) =>
      labels(present({ category: 'assignment', content: news(fields), ...more })).includes('Assign to me');
    expect(offered({})).toBe(false);
    expect(offered({ assigneeId: null, assigneeName: null })).toBe(true);
    expect(offered({ assigneeId: 'cara', assigneeName: 'Cara' })).toBe(true);
    expect(offered({}, { recipient: 'group', userId: null })).toBe(true);
    expect(offered({ assigneeId: 'cara', statusKind: 'closed' })).toBe(false);
  });
});

describe('a reply of a customer', () => {
  it('shows who wrote what, on which ticket, with the answer first', () => {
    const content = news({}, { actor: 'Cleo', excerpt: '  It smokes again.\nPlease hurry. ' });
    const card = present({ category: 'customer_reply', content });
    expect(card).toMatchObject({ title: 'Cleo replied on #1002', text: 'It smokes again.\nPlease hurry.' });
    expect(factOf(card, 'Ticket')).toBe('#1002 Printer on floor 3 is jammed');
    expect(labels(card)).toEqual(['Reply', 'Add note', 'Open in the desk']);
    expect(card.buttons?.[0]).toMatchObject({ kind: 'form', action: 'reply_to_contact', style: 'primary' });
  });

  it('cuts a long one', () => {
    const content = news({}, { excerpt: 'x'.repeat(5_000) });
    expect(present({ category: 'customer_reply', content }).text).toHaveLength(500);
  });
});

describe('what is late', () => {
  it('is told in the zone and the language of the reader', () => {
    expect(present({ category: 'sla_risk', content: news() })).toMatchObject({
      title: '#1002 is due Mar 6, 2026, 6:30 AM',
      tone: 'warning',
    });
    const inChinese = present({ category: 'sla_risk', content: news() }, 'zh-CN');
    expect(inChinese.title).toBe('#1002 将于 2026年3月6日 6:30 到期');
    expect(present({ category: 'sla_risk', content: news(), timeZone: null }).title).toContain(
      '10:30 PM UTC',
    );
  });

  it('stands out once it is overdue', () => {
    const card = present({ category: 'escalation', content: news() });
    expect(card).toMatchObject({ title: '#1002 is overdue', tone: 'attention' });
    expect(factOf(card, 'Due')).toBe('Mar 6, 2026, 6:30 AM (overdue)');
  });

  it('does without a due time, or with one that is none', () => {
    for (const dueAt of [null, 'soon']) {
      const card = present({ category: 'sla_risk', content: news({ dueAt }) });
      expect(card.title).toBe('#1002 will be overdue soon');
      expect(factOf(card, 'Due')).toBeUndefined();
    }
  });
});

describe('a request for approval', () => {
  it('can be answered from the card', () => {
    const card = present({ category: 'approval_request', content: approval });
    expect(card).toMatchObject({
      title: 'Ben asks for your approval: New drum',
      text: 'Two offers are attached.',
      buttons: [
        { action: 'approval_response', input: { approval: 'a1', response: 'approve' } },
        { kind: 'form', input: { approval: 'a1', response: 'request_changes' } },
      ],
    });
    expect(factOf(card, 'Ticket')).toBe('#1002');
    const bare = { ...approval, requesterName: null, ticketNumber: null, description: '' };
    const plain = present({ category: 'approval_request', content: bare });
    expect(plain).not.toHaveProperty('facts');
    expect(plain.title).toBe('Your approval is needed: New drum');
  });
});

describe('other news', () => {
  it('are the words of whoever sent them, with a way to the ticket', () => {
    const text = { kind: 'text', title: 'Maintenance', text: 'Tonight at ten.', ticket: null } as const;
    const card = present({ category: 'announcement', content: text });
    expect(card).toMatchObject({ title: 'Maintenance', text: 'Tonight at ten.' });
    expect(card).not.toHaveProperty('buttons');
    const about = present({ category: 'announcement', content: { ...text, ticket } });
    expect(about.buttons).toEqual([
      { kind: 'url', label: 'Open in the desk', url: 'https://desk.test/t/acme/tickets/1002' },
    ]);
  });

  it('a test says what it is, and has neither buttons nor a way to mute it', () => {
    const card = present({ category: 'test', content: { kind: 'test' } });
    expect(Object.keys(card)).toEqual(['title', 'text']);
    expect(card.text).toContain('nothing for you to do');
  });

  it('a message that was taken back says so', () => {
    expect(presentWithdrawn(translator('en')).title).toContain('withdrawn');
    expect(presentWithdrawn(translator('zh')).title).toContain('撤回');
  });
});

describe('the way to mute it', () => {
  it('stands on every card for a person but a test, and on none for a group', () => {
    for (const category of categories) {
      const card = present({ category, content: news() });
      expect(card.footer === undefined).toBe(category === 'test');
      expect(present({ category, content: news(), recipient: 'group' })).not.toHaveProperty('footer');
    }
    expect(present({ category: 'announcement', content: news() }).footer).toContain('"mute announcements"');
    expect(present({ category: 'announcement', content: news() }, 'zh').footer).toContain('“静音 公告”');
  });
});

const texts = fc.oneof(fc.string({ unit: 'binary' }), fc.constant(''));
const snapshots: fc.Arbitrary<TicketSnapshot> = fc.record({
  ticketId: fc.uuid(),
  number: fc.nat(),
  title: texts,
  statusName: texts,
  statusKind: fc.constantFrom('new', 'open', 'waiting', 'closed'),
  priority: fc.constantFrom('low', 'normal', 'high', 'urgent'),
  clientName: fc.option(texts),
  assigneeId: fc.option(fc.constantFrom('ann', 'cara')),
  assigneeName: fc.option(texts),
  dueAt: fc.option(texts),
  url: fc.option(fc.webUrl()),
});
const contents: fc.Arbitrary<NotificationContent> = fc.oneof(
  fc.record({ kind: fc.constant('text' as const), title: texts, text: texts, ticket: fc.option(snapshots) }),
  fc.record({ kind: fc.constant('event' as const), noteId: fc.constant(null) }),
  fc.record({
    kind: fc.constant('ticket' as const),
    ticket: snapshots,
    actorName: fc.option(texts),
    excerpt: fc.option(texts),
  }),
  fc.record({
    kind: fc.constant('approval' as const),
    approvalId: fc.uuid(),
    title: texts,
    description: texts,
    requesterName: fc.option(texts),
    ticketNumber: fc.option(fc.nat()),
  }),
  fc.constant({ kind: 'test' as const }),
);

it('any content of any category makes the same card each time, and every button is told apart', () => {
  const given = fc.record({
    category: fc.constantFrom(...categories),
    content: contents,
    recipient: fc.constantFrom('person' as const, 'group' as const),
    userId: fc.option(fc.constant('ann')),
    timeZone: fc.option(fc.constantFrom('Europe/Berlin', 'Mars/Olympus')),
  });
  fc.assert(
    fc.property(given, fc.constantFrom(...languages), (input, { code }) => {
      const card = present(input, code);
      expect(present(input, code)).toEqual(card);
      expect(toPlainText(card)).not.toMatch(/undefined|\[object|Invalid Date/);
      const used = nonces(card.buttons);
      expect(new Set(used).size).toBe(used.length);
    }),
  );
});
