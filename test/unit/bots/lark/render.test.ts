/** Lark cards: golden files, inert texts, forms that come back complete, and Lark's limits over any message. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cardBytes, cardFaults, countElements } from '../../../../bots/lark/card-limits.ts';
import { hasMark, markOf } from '../../../../bots/lark/mark.ts';
import { renderCard } from '../../../../bots/lark/render.ts';
import { faultOfCard } from '../../../../bots/lark/simulator/check-card.ts';
import { intentOfInteraction } from '../../../../bots/shared/interaction.ts';
import type { JsonObject, JsonValue } from '../../../../src/kernel/canonical-json.ts';
import type { Form, FormField, Message } from '../../../../src/kernel/message.ts';
import { interactionSchema } from '../../../../src/kernel/message.ts';
import { anyForm, anyMessage, form, messages, press, ticket } from '../../../support/cards.ts';
import { expectGolden, valuesOf } from '../../../support/drawn-cards.ts';

/** Every component of this tag. */
function withTag(json: JsonValue | undefined, tag: string): JsonObject[] {
  if (Array.isArray(json)) return json.flatMap((entry) => withTag(entry, tag));
  if (json === null || typeof json !== 'object') return [];
  const inner = Object.entries(json).flatMap(([key, value]) => (key === 'value' ? [] : withTag(value, tag)));
  return json.tag === tag ? [json, ...inner] : inner;
}

function draw(message: Message, chat: 'p2p' | 'group' = 'p2p'): JsonObject {
  return JSON.parse(JSON.stringify(renderCard(message, { chat })));
}

const drawForm = (shown: Form) => draw({ title: shown.title, form: shown });

describe('golden cards', () => {
  it.each(Object.entries(messages))('%s', (name, message) => {
    const card = draw(message);
    expect(cardFaults(card)).toEqual([]);
    expectGolden('lark', name, card);
  });

  it('form with errors', () => {
    const card = drawForm(form);
    expect(cardFaults(card)).toEqual([]);
    expectGolden('lark', 'form', card);
  });
});

describe('texts', () => {
  const evil = '[click](http://evil) <at id=all></at> **b** {{x}}\u202e\u0007\u001b[31m';
  const inertEvil = '[click](http://evil) <at id=all></at> **b** {{x}}[31m';

  it('are shown as they are, by a kind of text that knows no markup', () => {
    const card = draw({
      title: evil,
      text: evil,
      footer: evil,
      facts: [{ label: evil, value: evil }],
      items: [{ ordinal: 1, title: evil, text: evil, buttons: [press(evil, 'a', {})] }],
      form: { ...form, error: evil, fields: form.fields.map((field) => ({ ...field, label: evil })) },
    });
    const texts = valuesOf(card, 'content');
    expect(texts).toEqual(
      expect.arrayContaining([inertEvil, `1. ${inertEvil}`, `${inertEvil}: ${inertEvil}`]),
    );
    const tags = new Set(valuesOf(card, 'tag'));
    expect([...tags].filter((tag) => tag === 'markdown' || tag === 'lark_md')).toEqual([]);
    expect(cardFaults(card)).toEqual([]);
  });

  it('keep their lines', () => {
    const [text] = withTag(draw({ title: 't', text: ' one\ntwo\r\n\r\nthree ' }).body, 'plain_text');
    expect(text?.content).toBe('one\ntwo\n\nthree');
  });

  it.each([
    ['good', 'green'],
    ['attention', 'red'],
    ['warning', 'orange'],
    ['neutral', undefined],
  ] as const)('of tone %s have a %s title', (tone, template) => {
    expect((draw({ title: 't', tone }).header as JsonObject).template).toBe(template);
  });
});

describe('buttons', () => {
  it.each(['p2p', 'group'] as const)('carry an interaction that reads back, and their chat: %s', (chat) => {
    const card = draw(messages.ticket ?? { title: '' }, chat);
    const values = valuesOf(card, 'behaviors').flatMap((list) => valuesOf(list, 'value')) as JsonObject[];
    expect(values.map((value) => value.chat)).toEqual([chat, chat, chat]);
    expect(values.map((value) => interactionSchema.safeParse(value.deskbridge).success)).toEqual([
      true,
      true,
      true,
    ]);
    expect(withTag(card, 'button').map((button) => button.type)).toEqual([
      'primary',
      'default',
      'default',
      'default',
    ]);
  });

  it('lead only to web and mail addresses', () => {
    const url = 'javascript:alert(1)';
    const card = draw({
      title: 't',
      buttons: [{ kind: 'url', label: 'x', url }],
      items: [{ title: 'i', url }],
    });
    expect(JSON.stringify(card)).not.toContain('javascript');
    expect(cardFaults(card)).toEqual([]);
  });
});

describe('forms', () => {
  /** What the form's submit button brings back with these values. */
  function submitted(shown: Form, values: JsonObject) {
    const [button] = withTag(drawForm(shown), 'form').flatMap((drawn) => withTag(drawn, 'button'));
    const [behavior] = (button?.behaviors ?? []) as JsonObject[];
    const value = behavior?.value as JsonObject;
    return intentOfInteraction(value.deskbridge, values, 'quick_action', null);
  }

  it('bring back what they answer to, and what was filled in', () => {
    const shown = { ...form, cardMessageId: 'om_1' };
    expect(submitted(shown, { duration: '1h', billable: true })).toEqual({
      cardMessageId: 'om_1',
      intent: {
        kind: 'submit_form',
        action: 'log_time',
        input: { ticket: 1003, duration: '1h', billable: true },
        nonce: 'n-4',
        surface: 'quick_action',
      },
    });
  });

  it('tell that a switch is off, also where the platform leaves it out', () => {
    expect(submitted(form, {})?.intent).toMatchObject({ input: { ticket: 1003, billable: false } });
  });

  const field: FormField = { name: 'f', label: 'F', kind: 'choice', required: false };

  it('let people type where there is nothing to choose from', () => {
    const card = drawForm({ ...form, fields: [{ ...field, value: 'typed' }] });
    expect(withTag(card, 'input')).toMatchObject([{ name: 'f', default_value: 'typed' }]);
    expect(withTag(card, 'select_static')).toEqual([]);
  });

  it('offer each choice once, and always the chosen one', () => {
    const choices = Array.from({ length: 300 }, (_, i) => ({ label: `c${i}`, value: `${i % 290}` }));
    const [menu] = withTag(
      drawForm({ ...form, fields: [{ ...field, value: '289', choices }] }),
      'select_static',
    );
    const options = (menu?.options ?? []) as JsonObject[];
    const values = options.map(({ value }) => value);
    expect(new Set(values).size).toBe(values.length);
    expect(values[Number(menu?.initial_index) - 1]).toBe('289');
    expect(values.length).toBeGreaterThan(20);
  });

  it('take no more than an input of Lark holds', () => {
    const long = { ...field, kind: 'multiline' as const, value: 'x'.repeat(4000), maxLength: 4000 };
    const card = drawForm({ ...form, fields: [long] });
    expect(withTag(card, 'input')).toMatchObject([{ max_length: 1000, input_type: 'multiline_text' }]);
    expect(cardFaults(card)).toEqual([]);
  });

  it('name no two inputs alike', () => {
    const names = ['f', 'f', '', 'deskbridge_form', 'deskbridge_submit', 'g'];
    const card = drawForm({ ...form, fields: names.map((name) => ({ ...field, name })) });
    expect(withTag(card, 'input').map(({ name }) => name)).toEqual(['f', 'g']);
    expect(cardFaults(card)).toEqual([]);
  });
});

describe('size', () => {
  const many = (count: number, more: Partial<Message> = {}): Message => ({
    title: 'All tickets',
    items: Array.from({ length: count }, (_, i) =>
      ticket(i + 1, 1001 + i, 'Something is broken', 'x'.repeat(60)),
    ),
    ...more,
  });
  const contents = (card: JsonObject) => withTag(card.body, 'plain_text').map((text) => String(text.content));
  const ordinals = (card: JsonObject) => contents(card).filter((text) => /^\d+\. /.test(text)).length;

  it('loses texts of items first, then their buttons, and keeps every item', () => {
    const shown = (count: number) => {
      const card = draw(many(count));
      const texts = contents(card).filter((text) => text.startsWith('xxx')).length;
      return [ordinals(card), texts, withTag(card, 'button').length];
    };
    expect(shown(12)).toEqual([12, 12, 24]);
    expect(shown(16)).toEqual([16, 0, 32]);
    expect(shown(40)).toEqual([40, 0, 0]);
  });

  it('says how many items it left out', () => {
    const card = draw(many(500, { moreItems: 'and {count} more' }));
    expect(ordinals(card)).toBeGreaterThan(40);
    expect(contents(card)).toContain(`and ${500 - ordinals(card)} more`);
    expect(contents(draw(many(500)))).toContain('…');
    expect(cardFaults(card)).toEqual([]);
  });

  it('cuts long texts before it gives up buttons', () => {
    const buttons = [press('Approve', 'approval_response', { approval: 'a1' })];
    const card = draw({ title: '題'.repeat(9000), text: '字'.repeat(9000), footer: 'f', buttons });
    expect(withTag(card, 'button')).toHaveLength(1);
    expect(cardFaults(card)).toEqual([]);
  });

  it('stays within Lark’s limits for any message, and never fails', () => {
    fc.assert(
      fc.property(anyMessage, fc.option(anyForm), (message, filled) => {
        const whole = filled === null ? message : { ...message, form: filled };
        expect(cardFaults(draw(whole))).toEqual([]);
        const small = renderCard(whole, { chat: 'group', maxBytes: 8000 });
        expect(cardBytes(small)).toBeLessThanOrEqual(8000);
        expect(countElements(small)).toBeLessThanOrEqual(200);
        const mark = markOf(whole.title);
        const marked = renderCard(whole, { chat: 'group', maxBytes: 8000, mark });
        expect(cardFaults(marked)).toEqual([]);
        expect(faultOfCard(marked)).toBeNull();
        expect(cardBytes(marked)).toBeLessThanOrEqual(8000);
        expect(JSON.stringify(marked).split(mark)).toHaveLength(2);
        expect(hasMark(JSON.stringify(marked))).toBe(true);
      }),
    );
  }, 30_000);
});

describe('the check of limits', () => {
  const card = (...elements: JsonObject[]): JsonObject => ({ schema: '2.0', body: { elements } });
  const text = (content: string): JsonObject => ({ tag: 'plain_text', content });
  const submit = { tag: 'button', name: 's', form_action_type: 'submit', text: text('S'), behaviors: [{}] };
  const inForm = (...elements: JsonObject[]) =>
    card({ tag: 'form', name: 'x', elements: [...elements, submit] });

  it.each<[string, JsonObject]>([
    ['schema is not 2.0', { body: { elements: [] } }],
    ['a text is not plain', card({ tag: 'div', text: { tag: 'lark_md', content: '<at id=all></at>' } })],
    ['markdown does not stand here', card({ tag: 'markdown', content: 'x' })],
    ['action does not stand here', card({ tag: 'action', actions: [] })],
    ['div has no content', card({ tag: 'div', text: text('x'), content: 'x' })],
    ['over 200 elements', card(...Array.from({ length: 101 }, () => ({ tag: 'div', text: text('x') })))],
    ['over 28000 bytes', card({ tag: 'div', text: text('字'.repeat(9_400)) })],
    ['an input outside a form', card({ tag: 'input', name: 'a' })],
    ['a form without submit button', card({ tag: 'form', name: 'x', elements: [] })],
    ['a name stands twice', inForm({ tag: 'input', name: 'x' })],
    ['an input without name', inForm({ tag: 'input' })],
    ['max_length is out of range', inForm({ tag: 'input', name: 'a', max_length: 1001 })],
    ['a value is too long', inForm({ tag: 'input', name: 'a', max_length: 1, default_value: 'ab' })],
    ['options are missing', inForm({ tag: 'select_static', name: 'a', options: [] })],
    ['a submit button outside a form', card(submit)],
    ['a label is too long', card({ tag: 'button', text: text('x'.repeat(101)), behaviors: [{}] })],
    ['columns are missing', card({ tag: 'column_set', columns: [] })],
    ['a malformed element_id', card({ tag: 'hr', element_id: '1x' })],
  ])('finds: %s', (fault, faulty) => {
    expect(cardFaults(faulty)).toContain(fault);
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (json) => {
        expect(cardFaults(json as JsonObject).length).toBeGreaterThan(0);
      }),
    );
  });
});
