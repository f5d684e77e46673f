/** Adaptive Cards: golden files, validity by the reference parser, inert texts, and the size limit over any message. */
import { createRequire } from 'node:module';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { safeUrl } from '../../../../bots/shared/safe-url.ts';
import { escapeMarkdown } from '../../../../bots/teams/card-elements.ts';
import { markOf, renderCard, renderMessage, tokenOf } from '../../../../bots/teams/render.ts';
import { renderForm } from '../../../../bots/teams/render-form.ts';
import type { JsonObject, JsonValue } from '../../../../src/kernel/canonical-json.ts';
import type { Message } from '../../../../src/kernel/message.ts';
import { interactionSchema } from '../../../../src/kernel/message.ts';
import { anyMessage, form, messages, press, ticket } from '../../../support/cards.ts';
import { expectGolden, valuesOf } from '../../../support/drawn-cards.ts';

interface CardLibrary {
  SerializationContext: new () => { eventCount: number; getEventAt(index: number): { message: string } };
  AdaptiveCard: new () => {
    hostConfig: { actions: { maxActions: number } };
    parse(json: unknown, context: unknown): void;
    validateProperties(): { validationEvents: { message: string }[] };
  };
}
// The package's ESM entry has imports without extensions, which Node refuses.
const library: CardLibrary = createRequire(import.meta.url)('adaptivecards/dist/adaptivecards.js');

/** What the reference implementation finds wrong with a card, under Teams' limit of six actions a set. */
function faultsOf(card: JsonValue | undefined): string[] {
  const context = new library.SerializationContext();
  const parsed = new library.AdaptiveCard();
  parsed.hostConfig.actions.maxActions = 6;
  parsed.parse(JSON.parse(JSON.stringify(card)), context);
  const faults = parsed.validateProperties().validationEvents.map((event) => event.message);
  for (let i = 0; i < context.eventCount; i++) faults.push(context.getEventAt(i).message);
  return faults;
}

function cardOf(activity: JsonObject): JsonObject {
  return (activity.attachments as { content: JsonObject }[])[0]?.content ?? {};
}

describe('golden cards', () => {
  it.each(Object.entries(messages))('%s', (name, message) => {
    const activity = renderMessage(message);
    expect(faultsOf(cardOf(activity))).toEqual([]);
    expectGolden('teams', name, activity);
  });

  it('form with errors', () => {
    const card = renderForm(form);
    expect(faultsOf(card)).toEqual([]);
    expectGolden('teams', 'form', card);
  });
});

describe('texts', () => {
  const evil = '[click](http://evil) <at>x</at> **b** {{DATE(2017-02-14T06:00:00Z)}}\u202e\u0007\u001b[31m';
  const inertEvil = '[click](http://evil) <at>x</at> **b** {\u200b{DATE(2017-02-14T06:00:00Z)}}[31m';

  it('are shown as they are, in elements that know no markdown', () => {
    const card = renderCard({
      title: evil,
      text: evil,
      footer: evil,
      items: [{ ordinal: 1, title: evil, text: evil, buttons: [press(evil, 'a', {})] }],
    });
    const runs = valuesOf(card, 'inlines').flatMap((inlines) => valuesOf(inlines, 'text'));
    expect(runs.filter((text) => text === inertEvil)).toHaveLength(5);
    expect(JSON.stringify(card)).not.toContain('"TextBlock"');
    expect(valuesOf(card, 'entities')).toEqual([]);
    expect(faultsOf(card)).toEqual([]);
  });

  it('are escaped in facts, which have no plain form', () => {
    expect(escapeMarkdown('[click](http://evil) <at>x</at> **b**')).toBe(
      '\\[click](http://evil) \\<at>x\\</at> \\*\\*b\\*\\*',
    );
    expect(escapeMarkdown('_it_ printer_03 ~~x~~ `c` a\\b &lt; A&B')).toBe(
      '\\_it\\_ printer_03 \\~\\~x\\~\\~ \\`c\\` a\\\\b \\&lt; A&B',
    );
    expect(['# h', '- i', '+ i', '> q', '1. one', '2) two', '---'].map(escapeMarkdown)).toEqual([
      '\\# h',
      '\\- i',
      '\\+ i',
      '\\> q',
      '1\\. one',
      '2\\) two',
      '\\---',
    ]);
    expect(['#1003', '-5', '1.5 h', '2026-11-21', 'a - b'].map(escapeMarkdown)).toEqual([
      '#1003',
      '-5',
      '1.5 h',
      '2026-11-21',
      'a - b',
    ]);
  });

  it('break inside words that are too long for a line, still without markup', () => {
    const url = `https://files.example/${'x'.repeat(60)}/a_b`;
    const [title, text] = renderCard({ title: `**${url}**`, text: `See ${url}` }).body as JsonObject[];
    expect(title).toMatchObject({
      type: 'TextBlock',
      wrap: true,
      weight: 'Bolder',
      text: `\\*\\*${url}\\*\\*`,
    });
    expect(text).toMatchObject({ type: 'TextBlock', wrap: true, text: `See ${url}` });
  });

  it('keep their lines', () => {
    const card = renderCard({ title: 't', text: 'one\ntwo\r\n\r\nthree' });
    expect(valuesOf(card.body, 'text')).toEqual(['t', 'one', 'two', 'three']);
  });
});

describe('actions', () => {
  it('carry an interaction that reads back, twice for older clients', () => {
    const card = renderCard(messages.ticket ?? { title: '' });
    const [assign, note] = card.actions as JsonObject[];
    expect(assign).toMatchObject({ type: 'Action.Execute', verb: 'assign_ticket', style: 'positive' });
    expect(assign?.fallback).toMatchObject({ type: 'Action.Submit', data: assign?.data });
    expect(note).toMatchObject({ type: 'Action.Submit', data: { msteams: { type: 'task/fetch' } } });
    const interactions = valuesOf(card, 'deskbridge');
    expect(interactions.map((value) => interactionSchema.safeParse(value).success)).toEqual(
      Array(4).fill(true),
    );
  });

  it('are plain submits in a dialog', () => {
    const card = renderCard(messages.ticket ?? { title: '' }, { place: 'dialog' });
    expect((card.actions as JsonObject[]).map((action) => action.type)).toEqual([
      'Action.Submit',
      'Action.Submit',
      'Action.Submit',
      'Action.OpenUrl',
    ]);
    expect(valuesOf(card, 'msteams')).toEqual([{ width: 'Full' }]);
  });

  it.each([
    [7, [4, 3]],
    [8, [4, 4]],
    [13, [5, 5, 3]],
  ])('%i go to several sets, none of which is left with a stray one', (count, sizes) => {
    const buttons = Array.from({ length: count }, (_, i) => press(`b${i}`, 'a', { i }));
    const card = renderCard({ title: 't', buttons });
    expect(card.actions).toBeUndefined();
    const sets = (card.body as JsonObject[]).filter((element) => element.type === 'ActionSet');
    expect(sets.map((set) => (set.actions as JsonValue[]).length)).toEqual(sizes);
    expect(faultsOf(card)).toEqual([]);
  });

  it('lead only to web and mail addresses', () => {
    expect(safeUrl('https://desk.example/a?b=c')).toBe('https://desk.example/a?b=c');
    expect(
      ['javascript:alert(1)', 'data:text/html,x', '/x', '', `https://x/${'y'.repeat(2000)}`].map(safeUrl),
    ).toEqual(Array(5).fill(null));
    const url = 'javascript:alert(1)';
    const card = renderCard({
      title: 't',
      buttons: [{ kind: 'url', label: 'x', url }],
      items: [{ title: 'i', url }],
    });
    expect(JSON.stringify(card)).not.toContain('javascript');
  });
});

describe('forms', () => {
  it('submit what they answer to, in a dialog and in the chat', () => {
    const expected = { do: 'submit', action: 'log_time', input: { ticket: 1003 }, nonce: 'n-4' };
    expect((renderForm(form).actions as JsonObject[])[0]).toMatchObject({
      type: 'Action.Submit',
      data: { deskbridge: expected },
    });
    const inChat = renderForm(form, 'chat');
    expect((inChat.actions as JsonObject[])[0]).toMatchObject({
      type: 'Action.Execute',
      data: { deskbridge: expected },
    });
    expect(faultsOf(inChat)).toEqual([]);
  });

  it('let people type where there is nothing to choose from, and search long lists', () => {
    const field = { name: 'f', label: 'F', kind: 'choice', required: false, value: 'gone' } as const;
    const choices = Array.from({ length: 20 }, (_, i) => ({ label: `c${i}`, value: `${i}` }));
    const card = renderForm({ ...form, fields: [field, { ...field, name: 'g', choices }] });
    const inputs = (card.body as JsonObject[]).filter((element) => String(element.type).startsWith('Input.'));
    expect(inputs.map((input) => [input.type, input.style, input.value])).toEqual([
      ['Input.Text', undefined, 'gone'],
      ['Input.ChoiceSet', 'filtered', undefined],
    ]);
    expect(faultsOf(card)).toEqual([]);
  });
});

describe('size', () => {
  const bytes = (json: JsonObject) => Buffer.byteLength(JSON.stringify(json));
  const many = (count: number, more: Partial<Message> = {}): Message => ({
    title: 'All tickets',
    items: Array.from({ length: count }, (_, i) =>
      ticket(i + 1, 1001 + i, 'Something is broken', 'x'.repeat(60)),
    ),
    ...more,
  });
  const ordinals = (card: JsonObject) =>
    valuesOf(card.body, 'text').filter((text) => /^\d+\.$/.test(String(text))).length;

  it('loses older clients’ buttons first, then texts, then buttons, and keeps every item', () => {
    const shown = (count: number) => {
      const card = renderCard(many(count));
      const texts = valuesOf(card, 'text').filter((text) => String(text).startsWith('xxx')).length;
      return [ordinals(card), texts, valuesOf(card.body, 'verb').length, valuesOf(card, 'fallback').length];
    };
    expect(shown(10)).toEqual([10, 10, 10, 10]);
    expect(shown(22)).toEqual([22, 22, 22, 0]);
    expect(shown(25)).toEqual([25, 0, 25, 0]);
    expect(shown(50)).toEqual([50, 0, 0, 0]);
  });

  it('says how many items it left out', () => {
    const card = renderCard(many(500, { moreItems: 'and {count} more' }));
    const left = 500 - ordinals(card);
    expect(left).toBeGreaterThan(0);
    expect(ordinals(card)).toBeGreaterThan(40);
    expect(valuesOf(card.body, 'text')).toContain(`and ${left} more`);
    expect(valuesOf(renderCard(many(500)).body, 'text')).toContain('…');
    expect(faultsOf(card)).toEqual([]);
  });

  it('cuts long texts before it gives up buttons', () => {
    const buttons = [press('Approve', 'approval_response', { approval: 'a1' })];
    const card = renderCard({ title: '題'.repeat(9000), text: '字'.repeat(9000), footer: 'f', buttons });
    expect(bytes(card)).toBeLessThanOrEqual(25_000);
    expect(card.actions).toHaveLength(1);
  });

  it('stays within 28 kB and valid for any message', () => {
    fc.assert(
      fc.property(anyMessage, fc.constantFrom('chat' as const, 'dialog' as const), (message, place) => {
        const activity = renderMessage(message);
        expect(bytes(activity)).toBeLessThanOrEqual(26_500);
        expect(faultsOf(cardOf(activity))).toEqual([]);
        const small = renderCard(message, { place, maxBytes: 8000, token: 'delivery-1' });
        expect(bytes(small)).toBeLessThanOrEqual(8000);
        expect(faultsOf(small)).toEqual([]);
        expect(tokenOf(small)).toBe('delivery-1');
        expect(JSON.stringify(small).split(markOf('delivery-1'))).toHaveLength(2);
        expect(tokenOf(cardOf(activity))).toBeNull();
      }),
      { numRuns: 100 },
    );
  }, 60_000);
});
