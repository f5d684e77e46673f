/** Block Kit: golden files, inert texts, and Slack's limits over any message, form and page. */
import type { KnownBlock, View } from '@slack/types';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { escapeMrkdwn, pageUrl, textSections } from '../../../../bots/slack/block-elements.ts';
import { faultsOfMessage, faultsOfView, limits } from '../../../../bots/slack/block-limits.ts';
import { type Rendering, renderBlocks, renderMessage, renderReduced } from '../../../../bots/slack/render.ts';
import { renderClosing, renderForm } from '../../../../bots/slack/render-form.ts';
import { renderHome } from '../../../../bots/slack/render-home.ts';
import { blockFaults, viewFaults } from '../../../../bots/slack/simulator/block-limits.ts';
import type { JsonObject } from '../../../../src/kernel/canonical-json.ts';
import type { Message } from '../../../../src/kernel/message.ts';
import { interactionSchema } from '../../../../src/kernel/message.ts';
import { testReference } from '../../../support/activity.ts';
import { anyForm, anyMessage, form, messages, press, ticket } from '../../../support/cards.ts';
import { expectGolden, valuesOf } from '../../../support/drawn-cards.ts';

const channel = testReference({
  platformConversationId: 'C0DESK',
  type: 'channel',
  organization: 'T0ACME',
  channelId: 'C0DESK',
  threadId: '1763630043.000100',
});

const typesOf = (blocks: KnownBlock[]) => blocks.map((block) => block.type);
const drawn = (name: string): Rendering => renderMessage(messages[name] ?? { title: '' });

describe('golden cards', () => {
  it.each(Object.keys(messages))('%s', (name) => {
    expect(faultsOfMessage(drawn(name))).toEqual([]);
    expectGolden('slack', name, drawn(name));
  });

  it('form with errors', () => {
    const view = renderForm(form, channel);
    expect(faultsOfView(view)).toEqual([]);
    expectGolden('slack', 'form', view);
  });
});

describe('texts', () => {
  const evil = '<!channel> <@U1> <http://evil|click> *b* :tada: `c` & \u202e\u0007\u001b[31m';

  it('are plain wherever they can be', () => {
    const { blocks } = renderMessage({
      title: evil,
      text: evil,
      facts: [{ label: evil, value: evil }],
      footer: evil,
      items: [{ ordinal: 1, title: evil, text: evil, buttons: [press(evil, 'a', {})] }],
      buttons: [press(evil, 'a', {})],
    });
    expect(JSON.stringify(blocks)).not.toContain('mrkdwn');
    expect(new Set(valuesOf(blocks, 'emoji'))).toEqual(new Set([false]));
    expect(valuesOf(blocks, 'text')).toContainEqual({
      type: 'plain_text',
      text: '<!channel> <@U1> <http://evil|click> *b* :tada: `c` & [31m',
      emoji: false,
    });
  });

  it('are escaped in the fallback', () => {
    expect(renderMessage({ title: evil }).text).toBe(
      '&lt;!channel&gt; &lt;@U1&gt; &lt;http://evil|click&gt; *b* :tada: `c` &amp; [31m',
    );
    expect(drawn('list').text).toContain('1. #1003 Printer on the third floor is on fire (Northwind');
  });

  it('lose the marks that could act where they are a link', () => {
    expect(escapeMrkdwn('*b* _i_ ~s~ `c` :tada: <!here> a&b\nc')).toBe(
      '∗b∗ ˍiˍ ∼s∼ ˋcˋ ꞉tada: &lt;!here&gt; a&amp;b c',
    );
    const plain = ['printer_03', '12:30', 'a: b: c', '#1003', '50 % - ok'];
    expect(plain.map(escapeMrkdwn)).toEqual(plain);
    const url = 'https://desk.example/?a=1&b=<x>|y';
    const [section] = renderBlocks({ title: '', items: [{ title: '*a*|<b>', url }] });
    expect(section).toMatchObject({
      text: { type: 'mrkdwn', text: '• <https://desk.example/?a=1&amp;b=%3Cx%3E%7Cy|∗a∗|&lt;b&gt;>' },
    });
  });

  it('cannot leave their link, whatever they are', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.webUrl({ withQueryParameters: true }), (title, url) => {
        const [section] = renderBlocks({ title: '', items: [{ title, url }] });
        const text = (section?.type === 'section' && section.text?.text) || '';
        expect(text).toMatch(/^• <https?:[^<>|\s]*\|[^<>\n]+>$/);
        const label = text.slice(text.indexOf('|') + 1, -1);
        expect(label.replace(/&(?:amp|lt|gt);/g, '')).not.toMatch(/[&*~`]|:[^\s:]+:/);
      }),
    );
  });

  it('stay, without their link, when an address is too long with it', () => {
    const url = `https://desk.example/?${'a&'.repeat(900)}`;
    const [section] = renderBlocks({ title: '', items: [{ title: 'Printer', url }] });
    expect(section).toMatchObject({ text: { type: 'plain_text', text: '• Printer' } });
  });

  it('are cut between words and never inside a character', () => {
    const sections = textSections(`${'word '.repeat(700)}${'😀'.repeat(2000)}`);
    const texts = sections.map((section) => section.text?.text ?? '');
    expect(texts.every((text) => text.length <= 3000 && text.isWellFormed())).toBe(true);
    expect(texts[0]?.endsWith('word')).toBe(true);
    expect(texts.join('').replaceAll(' ', '')).toBe('word'.repeat(700) + '😀'.repeat(2000));
  });

  it('are never missing', () => {
    for (const blank of ['', '   ', '\n', '\u0007\u202e']) {
      const message = { title: blank, text: blank, footer: blank, buttons: [press(blank, 'a', {})] };
      expect(faultsOfMessage(renderMessage(message))).toEqual([]);
      expect(faultsOfView(renderForm({ ...form, title: blank, submitLabel: blank }, null))).toEqual([]);
    }
    expect(faultsOfMessage(renderMessage({ title: '' }))).toEqual([]);
  });
});

describe('buttons', () => {
  it('carry an interaction that reads back, and a name of their own', () => {
    const { blocks } = drawn('list');
    const values = valuesOf(blocks, 'value').map((value) => JSON.parse(String(value)));
    expect(values).toHaveLength(9);
    expect(values.every((value) => interactionSchema.safeParse(value).success)).toBe(true);
    const names = valuesOf(blocks, 'action_id').map(String);
    expect(new Set(names).size).toBe(9);
    expect(names.every((name) => name.startsWith('deskbridge'))).toBe(true);
  });

  it('stand beside an item when there is one, beneath it when there are more', () => {
    const buttons = [press('a', 'a', {}), press('b', 'b', {})];
    expect(typesOf(renderBlocks({ title: '', items: [{ title: 'i', buttons }] }))).toEqual([
      'section',
      'actions',
    ]);
    const [only] = renderBlocks({ title: '', items: [{ title: 'i', buttons: buttons.slice(1) }] });
    expect(only).toMatchObject({ type: 'section', accessory: { type: 'button', text: { text: 'b' } } });
  });

  it('lead only to web pages', () => {
    expect(pageUrl('https://desk.example/a?b=c')).toBe('https://desk.example/a?b=c');
    const others = ['javascript:alert(1)', 'mailto:a@b.example', '/x', '', `https://x/${'y'.repeat(2000)}`];
    expect(others.map(pageUrl)).toEqual(Array(5).fill(null));
    const blocks = renderBlocks({
      title: 't',
      buttons: others.map((url) => ({ kind: 'url', label: 'x', url })),
      items: others.map((url) => ({ title: 'i', url })),
    });
    expect(new Set(typesOf(blocks))).toEqual(new Set(['header', 'section']));
    expect(JSON.stringify(blocks)).not.toContain('javascript');
  });

  it('are left out when what they carry is too long', () => {
    const buttons = [press('long', 'a', { text: 'x'.repeat(2000) }), press('short', 'a', {})];
    expect(valuesOf(renderBlocks({ title: 't', buttons }), 'action_id')).toHaveLength(1);
  });

  it('go to several blocks', () => {
    const buttons = Array.from({ length: 30 }, (_, i) => press(`b${i}`, 'a', { i }));
    const blocks = renderBlocks({ title: 't', buttons });
    expect(blocks.flatMap((block) => (block.type === 'actions' ? block.elements.length : []))).toEqual([
      25, 5,
    ]);
  });
});

describe('forms', () => {
  it('bring back what they answer to, and where they were opened', () => {
    const view = renderForm({ ...form, cardMessageId: '17.1' }, channel);
    expect(JSON.parse(view.private_metadata ?? '')).toEqual({
      interaction: { do: 'submit', action: 'log_time', input: { ticket: 1003 }, nonce: 'n-4', card: '17.1' },
      channel: 'C0DESK',
      type: 'channel',
      thread: '1763630043.000100',
    });
    const personal = renderForm(form, { ...channel, platformConversationId: 'U0ANN', type: 'personal' });
    expect(Object.keys(JSON.parse(personal.private_metadata ?? ''))).toEqual(['interaction']);
  });

  it('give up the place, then the longest values, when too much is to come back', () => {
    const read = (input: JsonObject) =>
      JSON.parse(renderForm({ ...form, input }, channel).private_metadata ?? '');
    const nearly = read({ ticket: 7, text: 'x'.repeat(2850) });
    expect([nearly.channel, nearly.interaction.input.text.length]).toEqual([undefined, 2850]);
    expect(read({ ticket: 7, text: 'x'.repeat(3000) }).interaction.input).toEqual({ ticket: 7 });
  });

  it('let people type where there is nothing to choose from', () => {
    const field = { name: 'f', label: 'F', kind: 'choice', required: false, value: 'gone' } as const;
    const choices = Array.from({ length: 200 }, (_, i) => ({ label: `c${i}`, value: `${i}` }));
    const fields = [field, { ...field, name: 'g', choices, value: '150' }];
    const inputs = renderForm({ ...form, error: '', fields }, null).blocks as KnownBlock[];
    const elements = inputs.flatMap((block) => (block.type === 'input' ? [block.element] : []));
    expect(elements).toMatchObject([
      { type: 'plain_text_input', initial_value: 'gone' },
      { type: 'static_select', initial_option: { value: '150' } },
    ]);
    expect(elements[1]).toHaveProperty('options.length', 100);
  });

  it('end on a page with links alone', () => {
    const message = messages.ticket ?? { title: '' };
    const view = renderClosing(message);
    expect(faultsOfView(view)).toEqual([]);
    expect(view.submit).toBeUndefined();
    expect(valuesOf(view.blocks, 'url')).toHaveLength(1);
    expect(valuesOf(view.blocks, 'value')).toEqual([]);
  });
});

describe('the page of a person', () => {
  it('shows every section, with a line between them', () => {
    const view = renderHome([messages.list ?? { title: '' }, messages.approval ?? { title: '' }]);
    expect(faultsOfView(view)).toEqual([]);
    expect(typesOf(view.blocks as KnownBlock[]).filter((type) => type === 'header')).toHaveLength(2);
    expect(typesOf(view.blocks as KnownBlock[]).filter((type) => type === 'divider')).toHaveLength(1);
  });

  it('leaves room for the last section, and uses what the first ones left', () => {
    const items = Array.from({ length: 60 }, (_, i) => ticket(i + 1, 1001 + i, 'Something', 'x'));
    const view = renderHome([{ title: 'short' }, { title: 'long', items }, { title: 'last', items }]);
    expect(faultsOfView(view)).toEqual([]);
    const titles = valuesOf(view.blocks, 'text').filter((text) => typeof text === 'string');
    expect(titles).toEqual(expect.arrayContaining(['short', 'long', 'last']));
    expect(view.blocks.length).toBeGreaterThan(90);
    expect(faultsOfView(renderHome([]))).toEqual([]);
  });
});

describe('size', () => {
  const many = (count: number, more: Partial<Message> = {}): Message => ({
    title: 'All tickets',
    items: Array.from({ length: count }, (_, i) =>
      ticket(i + 1, 1001 + i, 'Something is broken', 'x'.repeat(80)),
    ),
    ...more,
  });
  const ordinals = (blocks: KnownBlock[]) =>
    blocks.filter((block) => block.type === 'section' && /^\d+\. /.test(block.text?.text ?? '')).length;

  it('loses texts first, then buttons where blocks are short, and keeps every item', () => {
    const shown = (count: number) => {
      const blocks = renderBlocks(many(count));
      const texts = blocks.filter((block) => JSON.stringify(block).includes('xxx')).length;
      return [ordinals(blocks), texts, valuesOf(blocks, 'action_id').length];
    };
    expect(shown(10)).toEqual([10, 10, 20]);
    expect(shown(18)).toEqual([18, 0, 36]);
    expect(shown(40)).toEqual([40, 40, 0]);
    expect(shown(60)).toEqual([48, 48, 0]);
  });

  it('says how many items it left out', () => {
    const blocks = renderBlocks(many(500, { moreItems: 'and {count} more' }));
    const left = 500 - ordinals(blocks);
    expect(ordinals(blocks)).toBeGreaterThan(40);
    expect(valuesOf(blocks, 'text')).toContain(`and ${left} more`);
    expect(valuesOf(renderBlocks(many(500)), 'text')).toContain('…');
  });

  it('cuts long texts before it gives up buttons', () => {
    const buttons = [press('Approve', 'approval_response', { approval: 'a1' })];
    const text = '"'.repeat(9000);
    const { blocks } = renderMessage({ title: '題'.repeat(9000), text, footer: text, buttons });
    expect(JSON.stringify(blocks).length).toBeLessThanOrEqual(limits.messageCharacters);
    expect(typesOf(blocks)).toContain('actions');
  });

  it('is kept by any message', () => {
    fc.assert(
      fc.property(anyMessage, fc.integer({ min: 1, max: 50 }), (message, maxBlocks) => {
        expect(faultsOfMessage(renderMessage(message))).toEqual([]);
        expect(faultsOfView(renderClosing(message))).toEqual([]);
        const blocks = renderBlocks(message, { maxBlocks, maxCharacters: 2000 });
        expect(blocks.length).toBeLessThanOrEqual(maxBlocks);
        expect(JSON.stringify(blocks).length).toBeLessThanOrEqual(2000);
      }),
      { numRuns: 100 },
    );
  }, 60_000);

  it('is kept by any form', () => {
    fc.assert(
      fc.property(anyForm, (any) => {
        expect(faultsOfView(renderForm(any, channel))).toEqual([]);
      }),
      { numRuns: 100 },
    );
  }, 60_000);

  it('is kept by any page', () => {
    fc.assert(
      fc.property(fc.array(anyMessage, { maxLength: 40 }), (sections) => {
        expect(faultsOfView(renderHome(sections))).toEqual([]);
      }),
      { numRuns: 30 },
    );
  }, 60_000);
});

it('the simulated Web API, which checks by itself, takes any rendering', () => {
  const json = (rendering: object): JsonObject => JSON.parse(JSON.stringify(rendering));
  fc.assert(
    fc.property(anyMessage, anyForm, (any, anyOther) => {
      expect(blockFaults(json(renderMessage(any)).blocks ?? null, 'message')).toEqual([]);
      expect(viewFaults(json(renderClosing(any)))).toEqual([]);
      expect(viewFaults(json(renderForm(anyOther, channel)))).toEqual([]);
      expect(viewFaults(json(renderHome([any, any, any])))).toEqual([]);
    }),
    { numRuns: 50 },
  );
}, 60_000);

describe('the reduced rendering', () => {
  it('of any message is title and text alone, within the limit of a text and inert', () => {
    fc.assert(
      fc.property(anyMessage, (message) => {
        const { text, ...more } = renderReduced(message);
        expect(more).toEqual({});
        expect(text).not.toBe('');
        expect(Buffer.byteLength(text)).toBeLessThanOrEqual(limits.textBytes);
        expect(text).not.toMatch(/[<>]/);
      }),
    );
  });

  it('says more than the fallback, and nothing of facts and items', () => {
    const long = { title: 'T', text: 'x'.repeat(2500), facts: [{ label: 'Client', value: 'Acme' }] };
    expect(renderReduced(long).text).toBe(`T\n${'x'.repeat(2500)}`);
    expect(renderReduced({ title: '' }).text).toBe('…');
  });
});

describe('the check of limits', () => {
  const text = (length: number) => ({ type: 'plain_text' as const, text: 'x'.repeat(length), emoji: false });
  const button = (more: object = {}) => ({ type: 'button' as const, action_id: 'a', text: text(1), ...more });

  it.each<[string, KnownBlock[]]>([
    ['no block', []],
    ['51 blocks', Array(51).fill({ type: 'divider' })],
    ['a long header', [{ type: 'header', text: text(151) }]],
    ['an empty section', [{ type: 'section', text: text(0) }]],
    ['a long section', [{ type: 'section', text: text(3001) }]],
    ['eleven fields', [{ type: 'section', fields: Array(11).fill(text(1)) }]],
    ['a long field', [{ type: 'section', fields: [text(2001)] }]],
    ['a long label', [{ type: 'actions', elements: [button({ text: text(76) })] }]],
    ['a long value', [{ type: 'actions', elements: [button({ value: 'x'.repeat(2001) })] }]],
    [
      '26 buttons',
      [{ type: 'actions', elements: Array.from({ length: 26 }, (_, i) => button({ action_id: `${i}` })) }],
    ],
    ['one name twice', [{ type: 'actions', elements: [button(), button()] }]],
    ['no name', [{ type: 'actions', elements: [button({ action_id: undefined })] }]],
    ['much in all', Array(40).fill({ type: 'section', text: text(300) })],
    ['an input', [{ type: 'input', label: text(1), element: { type: 'plain_text_input', action_id: 'a' } }]],
  ])('finds %s', (_, blocks) => {
    expect(faultsOfMessage({ text: 'x', blocks })).not.toEqual([]);
  });

  it('finds long fallback texts, and faults of views', () => {
    const blocks: KnownBlock[] = [{ type: 'divider' }];
    expect(faultsOfMessage({ text: 'x'.repeat(4001), blocks })).toEqual(['text: 4001 bytes']);
    expect(faultsOfMessage({ text: '字'.repeat(1400), blocks })).toEqual(['text: 4200 bytes']);
    const view: View = { type: 'modal', title: text(25), private_metadata: 'x'.repeat(3001), blocks };
    expect(faultsOfView(view)).toHaveLength(2);
    const stranger = { text: text(1), value: 'b' };
    const element = {
      type: 'static_select' as const,
      action_id: 'a',
      options: [{ text: text(1), value: 'a' }],
    };
    const input: KnownBlock = {
      type: 'input',
      label: text(1),
      element: { ...element, initial_option: stranger },
    };
    expect(faultsOfView({ type: 'modal', title: text(1), blocks: [input] })).toEqual([
      'inputs without submit',
      'unknown initial option',
    ]);
  });
});
