/** Cards as terminal text: the golden cards, real messages of every platform's renderer, odd cards, and any message. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { renderCard as renderLark } from '../../../bots/lark/render.ts';
import { drawCard as readLark } from '../../../bots/lark/simulator/draw-card.ts';
import { renderBlocks as renderSlack } from '../../../bots/slack/render.ts';
import { readBlocks as readSlack } from '../../../bots/slack/simulator/read-card.ts';
import { renderCard } from '../../../bots/teams/render.ts';
import { renderForm } from '../../../bots/teams/render-form.ts';
import { cardOf } from '../../../bots/teams/simulator/index.ts';
import { readCard } from '../../../bots/teams/simulator/read-card.ts';
import { type DrawnCard, drawCard as drawSeen, minWidth } from '../../../src/demo/draw-card.ts';
import { cellsOf } from '../../../src/demo/terminal-text.ts';
import type { JsonObject } from '../../../src/kernel/canonical-json.ts';
import type { Button, Message } from '../../../src/kernel/message.ts';
import type { SeenCard } from '../../../src/kernel/simulated-chat.ts';

/** How a message comes before a person of each platform. */
const platforms: Readonly<Record<string, (message: Message) => SeenCard>> = {
  teams: (message) => seen(renderCard(message)),
  slack: (message) => readSlack(asJson(renderSlack(message)), () => null),
  lark: (message) =>
    readLark(asJson(renderLark(message, { chat: 'p2p' })), { messageId: 'om_1', version: 1 }),
};

function asJson<T>(value: T) {
  return JSON.parse(JSON.stringify(value));
}

function seen(card: JsonObject): SeenCard {
  return readCard(card, { title: '', handle: 'h' });
}

/** An Adaptive Card as it is drawn. */
function drawCard(card: JsonObject, width?: number): DrawnCard {
  return drawSeen(seen(card), width);
}

function golden(name: string): JsonObject {
  const file = new URL(`../../fixtures/teams/cards/${name}.json`, import.meta.url);
  const json: JsonObject = JSON.parse(readFileSync(file, 'utf8'));
  return cardOf(json) ?? json;
}

function lines(...all: string[]): string {
  return all.join('\n');
}

function titles({ buttons }: DrawnCard): string[] {
  return buttons.map(({ title }) => title);
}

/** Whatever a terminal would act on instead of showing it. */
const unsafe = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;

describe('golden cards', () => {
  it('a list has its ordinals in front and its buttons below each item', () => {
    const drawn = drawCard(golden('list'));
    expect(drawn.text).toBe(
      lines(
        'Your open tickets',
        '4 tickets are assigned to you.',
        '',
        '1. #1003 Printer on the third floor is on fire',
        '   Northwind · In progress · due in 2 hours',
        '   [1] Assign to me  [2] Add note',
        '2. #1007 VPN drops every ten minutes',
        '   Contoso · New',
        '   [3] Assign to me  [4] Add note',
        '3. #1011 الطابعة لا تعمل في المكتب الجديد',
        '   Fabrikam · Waiting for customer',
        '   [5] Assign to me  [6] Add note',
        '4. #1012 Laptop 💻 won’t wake up 👩‍💻🏴󠁧󠁢󠁥󠁮󠁧󠁿',
        '   Adventure Works · New',
        '   [7] Assign to me  [8] Add note',
        '',
        'Type “assign 1 to me” or “note 2: …”.',
        '',
        '[9] My approvals',
      ),
    );
    expect(drawn.buttons[2]).toMatchObject({ label: 'Assign to me', which: 1, url: null });
    expect(drawn.buttons[8]).toMatchObject({ label: 'My approvals', which: 0 });
  });

  it('a ticket has paragraphs, facts in two columns without escapes, and buttons', () => {
    expect(drawCard(golden('ticket')).text).toBe(
      lines(
        '#1003 Printer on the third floor is on fire',
        'Smoke since 9:40, the alarm is quiet.',
        'Please bring a new drum.',
        '',
        'Facilities know about it.',
        '',
        'Client    Northwind',
        'Status    In progress',
        'Assignee  Ann Admin',
        'Device    printer_03_*floor* [3rd]',
        '',
        '[1] Assign to me  [2] Add note  [3] Log time  [4] Open',
      ),
    );
  });

  it('bands are flattened', () => {
    expect(drawCard(golden('approval')).text).toBe(
      lines(
        'Approval: new laptop for Bea',
        '',
        'Requested by  Bea Brown',
        'Amount        1,499.00 EUR',
        '',
        '[1] Approve  [2] Request changes',
      ),
    );
    expect(drawCard(golden('error')).text).toBe(
      lines(
        'Not found',
        'There is no ticket #4711 that you may see. Check the number, or type “my',
        'tickets”.',
        '',
        '[1] My tickets',
      ),
    );
  });

  it('inputs are their labels', () => {
    expect(drawCard(golden('form')).text).toBe(
      lines(
        'Nothing was saved.',
        '',
        'Duration:',
        'Write it like 1h 30m.',
        'Note:',
        'Client:',
        'Billable:',
        '',
        '[1] Log time',
      ),
    );
  });

  it('wrap to the width, beside ordinals and in columns', () => {
    expect(drawCard(golden('list'), 32).text.split('\n').slice(0, 9)).toEqual([
      'Your open tickets',
      '4 tickets are assigned to you.',
      '',
      '1. #1003 Printer on the third',
      '   floor is on fire',
      '   Northwind · In progress · due',
      '   in 2 hours',
      '   [1] Assign to me',
      '   [2] Add note',
    ]);
    expect(drawCard(golden('approval'), 30).text.split('\n').slice(2, 5)).toEqual([
      'Requested   Bea Brown',
      'by',
      'Amount      1,499.00 EUR',
    ]);
  });
});

describe('messages', () => {
  it('show what people wrote, with nothing that drives a terminal or reorders it', () => {
    const evil = '\u001b]0;owned\u0007\u001b[31mred\u009b2J \u202eabc\u2066 {{DATE(x)}} *b* [l](http://e)';
    const message: Message = {
      title: evil,
      text: `${evil}\r\nnext`,
      facts: [{ label: evil, value: evil }],
      items: [{ ordinal: 1, title: evil, text: evil }],
      buttons: [{ kind: 'command', label: evil, text: 'help', nonce: 'n' }],
      footer: evil,
    };
    const { text } = drawCard(renderCard(message), 300);
    expect(text).not.toMatch(unsafe);
    expect(text.split(']0;owned[31mred2J abc {{DATE(x)}} *b* [l](http://e)')).toHaveLength(9);
  });

  it('clean the texts themselves, whoever made the card', () => {
    const text = 'a\u001b[2Jb\u202ec\rd';
    const card = {
      body: [
        { type: 'TextBlock', text },
        { type: 'Input.Text', id: 'i', label: text },
        { type: 'FactSet', facts: [{ title: text, value: text }] },
      ],
      actions: [{ type: 'Action.Submit', title: text }],
    };
    const drawn = drawCard(card);
    expect(drawn.text).not.toMatch(unsafe);
    expect(titles(drawn)).toEqual(['a[2Jbc d']);
  });

  it('count the cells of wide characters in columns', () => {
    const facts = [
      { label: '状態', value: '進行中' },
      { label: 'Client', value: '💻 Works' },
    ];
    expect(drawCard(renderCard({ title: 't', facts })).text).toBe(
      lines('t', '', '状態    進行中', 'Client  💻 Works'),
    );
  });

  it('without ordinals stand apart', () => {
    const items = [
      { title: 'One', text: 'first' },
      { title: 'Two', text: 'second' },
    ];
    expect(drawCard(renderCard({ title: 'List', items })).text).toBe(
      lines('List', '', 'One', 'first', '', 'Two', 'second'),
    );
  });

  it('have all their buttons numbered in the order of drawing', () => {
    const buttons = Array.from(
      { length: 8 },
      (_, i): Button => ({ kind: 'command', label: `b${i}`, text: 'x', nonce: `${i}` }),
    );
    const drawn = drawCard(renderCard({ title: 't', buttons }), 24);
    expect(drawn.text).toBe(
      lines('t', '', '[1] b0  [2] b1  [3] b2', '[4] b3  [5] b4  [6] b5', '[7] b6  [8] b7'),
    );
    expect(titles(drawn)).toEqual(buttons.map(({ label }) => label));
  });

  it('of a form in the chat have its title', () => {
    const form = {
      action: 'add_note',
      title: 'Add note',
      input: {},
      submitLabel: 'Save',
      nonce: 'n',
      fields: [{ name: 'note', label: 'Note', kind: 'text', required: true } as const],
    };
    expect(drawCard(renderForm(form, 'chat')).text).toBe(lines('Add note', '', 'Note:', '', '[1] Save'));
  });
});

describe('other cards', () => {
  it('leave out what is hidden, disabled, a fallback, or no button', () => {
    const drawn = drawCard({
      fallbackText: 'old client',
      body: [
        { type: 'TextBlock', text: 'shown', fallback: { type: 'TextBlock', text: 'fallback' } },
        { type: 'TextBlock', text: 'hidden', isVisible: false },
        { type: 'Chart.Donut', title: 'unknown', fallback: { type: 'TextBlock', text: 'instead' } },
        { type: 'Container', isVisible: false, items: [{ type: 'TextBlock', text: 'inside' }] },
        { type: 'ColumnSet', columns: [{ type: 'Column', isVisible: false, items: [] }] },
      ],
      actions: [
        { type: 'Action.Submit', title: 'off', isEnabled: false },
        { type: 'Action.ToggleVisibility', title: 'toggle' },
        { type: 'Action.Execute', title: 'on', fallback: { type: 'Action.Submit', title: 'on' } },
        { type: 'Action.OpenUrl', url: 'https://desk.example/' },
      ],
    });
    expect(drawn.text).toBe(lines('shown', '', '[1] on  [2] …'));
  });

  it('show nothing twice that a bar and a heading say', () => {
    const title = (text: string) => ({ text, kind: 'title' as const });
    const card = { lines: [title('Ticket #1 is…'), title('Ticket #1 is open')], buttons: [], form: null };
    expect(drawSeen(card).text).toBe('Ticket #1 is open');
  });

  it('draw buttons where they stand, and those beside a line below what belongs to it', () => {
    const button = (label: string, after?: number) => ({
      label,
      style: 'default' as const,
      url: null,
      ...(after === undefined ? {} : { after }),
    });
    const card: SeenCard = {
      lines: [
        { kind: 'item', text: '1. One', mark: '1.', buttons: ['Take'] },
        { kind: 'small', text: 'first', tight: true },
        { kind: 'small', text: 'foot' },
      ],
      buttons: [button('Take', 2), button('All', 2), button('End')],
      form: null,
    };
    expect(drawSeen(card).text).toBe(
      lines('1. One', '   first', '   [1] Take', '', '[2] All', '', 'foot', '', '[3] End'),
    );
  });

  it('end with the button of their form, which platforms count among the others or not', () => {
    const form = {
      title: 'Note',
      fields: [
        {
          name: 'n',
          label: 'Note',
          kind: 'text' as const,
          required: true,
          value: '',
          choices: [],
          error: null,
        },
      ],
      submitLabel: 'Save',
      error: null,
      handle: 'h',
    };
    const button = (label: string) => ({ label, style: 'default' as const, url: null });
    for (const buttons of [[button('Back')], [button('Save'), button('Back')]]) {
      const drawn = drawSeen({ lines: [], buttons, form });
      expect(drawn.text).toBe(lines('[1] Back', '', 'Note:', '', '[2] Save'));
      expect(drawn.buttons[1]?.form).toBe(form);
    }
  });

  it.each([
    {},
    { body: null },
    { body: [null, 1, 'x', {}, { type: 7 }] },
    { body: [{ type: 'RichTextBlock' }] },
  ])('show nothing where there is nothing: %j', (card) => {
    expect(drawCard(card)).toEqual({ text: '', buttons: [] });
  });
});

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.string({ unit: 'grapheme', maxLength: 60 }),
  fc
    .tuple(fc.constantFrom('a\n', '\u001b[', '\u202e', '字', '💻 ', '\\', '\ud800'), fc.nat(300))
    .map(([s, n]) => s.repeat(n)),
);
const button: fc.Arbitrary<Button> = fc.oneof(
  fc.record({
    kind: fc.constant('action' as const),
    label: text,
    action: fc.string(),
    input: fc.constant({}),
    nonce: fc.string(),
  }),
  fc.record({ kind: fc.constant('command' as const), label: text, text, nonce: fc.string() }),
  fc.record({ kind: fc.constant('url' as const), label: text, url: fc.webUrl() }),
);
const item = fc.record(
  { ordinal: fc.nat(), title: text, text, url: fc.webUrl(), buttons: fc.array(button, { maxLength: 3 }) },
  { requiredKeys: ['title'] },
);
const anyMessage: fc.Arbitrary<Message> = fc.record(
  {
    title: text,
    text,
    tone: fc.constantFrom('neutral' as const, 'good' as const, 'attention' as const, 'warning' as const),
    facts: fc.array(fc.record({ label: text, value: text }), { maxLength: 6 }),
    items: fc.array(item, { maxLength: 8 }),
    moreItems: text,
    buttons: fc.array(button, { maxLength: 8 }),
    footer: text,
  },
  { requiredKeys: ['title'] },
);

describe('on every platform', () => {
  const message: Message = {
    title: 'Your open tickets',
    text: 'Two are yours.',
    facts: [
      { label: 'Client', value: 'Northwind' },
      { label: '状态', value: '新建' },
    ],
    items: [
      { ordinal: 1, title: '#1003 Printer', text: 'New', url: 'https://desk.example/t/1003' },
      { ordinal: 2, title: '#1007 VPN', text: 'Waiting' },
    ],
    buttons: [
      { kind: 'command', label: 'My approvals', text: 'my approvals', nonce: 'n' },
      { kind: 'url', label: 'Open', url: 'https://desk.example/' },
    ],
  };

  it.each(Object.entries(platforms))('%s shows the same structure', (_, show) => {
    const drawn = drawSeen(show(message));
    expect(drawn.text).toBe(
      lines(
        'Your open tickets',
        'Two are yours.',
        '',
        'Client  Northwind',
        '状态    新建',
        '',
        '1. #1003 Printer',
        '   New',
        '2. #1007 VPN',
        '   Waiting',
        '',
        '[1] My approvals  [2] Open',
      ),
    );
    expect(titles(drawn)).toEqual(['My approvals', 'Open']);
  });

  it.each(Object.entries(platforms))(
    '%s: any message is drawn safely within the width, with every button of its card',
    (_, show) => {
      const segmenter = new Intl.Segmenter('en');
      fc.assert(
        fc.property(anyMessage, fc.integer({ min: minWidth, max: 100 }), (any, width) => {
          const card = show(any);
          const drawn = drawSeen(card, width);
          expect(drawn.text).not.toMatch(unsafe);
          expect(drawn.text.isWellFormed()).toBe(true);
          for (const line of drawn.text.split('\n')) {
            const cells = cellsOf(line);
            // A character of a conjunct script may be wider than a whole line.
            const widest = Math.max(
              0,
              ...[...segmenter.segment(line)].map(({ segment }) => cellsOf(segment)),
            );
            expect(cells <= width || widest > width / 3).toBe(true);
          }
          expect(drawn.buttons.map(({ label }) => label)).toEqual(card.buttons.map(({ label }) => label));
          drawn.buttons.forEach((_, index) => void expect(drawn.text).toContain(`[${index + 1}]`));
        }),
        { numRuns: 100 },
      );
    },
    30_000,
  );
});
