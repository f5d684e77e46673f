/** What cards bring back is read with distrust: whatever is taken can be hashed, and nothing throws. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { intentOfInteraction, interactionOf } from '../../../../bots/shared/interaction.ts';
import { canonicalJson, type JsonObject, type JsonValue } from '../../../../src/kernel/canonical-json.ts';

const submit = { do: 'submit', action: 'create_ticket', input: {}, nonce: 'n-1' };
/** JSON as texts may hold it: half of surrogate pairs, and numbers that no double holds. */
const texts = fc
  .array(fc.nat(0xffff), { maxLength: 5 })
  .map((units) => String.fromCharCode(...units, ...(units.length === 3 ? [0xd800] : [])));
const values = fc.oneof(
  texts,
  fc.constantFrom(Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1, true, null),
);
const objects = fc.dictionary(texts, values) as fc.Arbitrary<JsonObject>;

function read(raw: unknown, filled: JsonObject = {}) {
  return intentOfInteraction(raw, filled, 'quick_action', null);
}

describe('what a card brings back', () => {
  it('has a canonical form whenever it is taken', () => {
    fc.assert(
      fc.property(objects, objects, (input, filled) => {
        const taken = read({ ...submit, input }, filled);
        if (taken !== null) expect(() => canonicalJson(taken.intent as JsonValue)).not.toThrow();
      }),
    );
  });

  it.each<[string, JsonObject]>([
    ['half a character', { title: 'a\ud800' }],
    ['half a character in a name', { 'a\udfff': 1 }],
    ['a number out of range', { minutes: Number.POSITIVE_INFINITY }],
  ])('is nothing of ours with %s, and loses such a field of a form alone', (_name, wrong) => {
    expect(read({ ...submit, input: wrong })).toBeNull();
    expect(read(submit, { ...wrong, kept: 'ä\u{1f9ef}' })?.intent).toMatchObject({
      input: { kept: 'ä\u{1f9ef}' },
    });
    expect(read(submit, wrong)?.intent).toMatchObject({ kind: 'submit_form', input: {} });
  });
});

describe('a button that opens a form', () => {
  const button = {
    kind: 'form',
    label: 'Reply',
    action: 'reply_to_contact',
    input: { ticket: 't1' },
  } as const;
  const carried = (nonce?: string) =>
    read(JSON.parse(JSON.stringify(interactionOf(nonce === undefined ? button : { ...button, nonce }))))
      ?.intent;

  it('brings its nonce back where it has one', () => {
    expect(carried('n-1')).toEqual({
      kind: 'open_form',
      action: 'reply_to_contact',
      input: { ticket: 't1' },
      surface: 'quick_action',
      source: null,
      nonce: 'n-1',
    });
    expect(carried()).not.toHaveProperty('nonce');
  });

  it('opens it all the same when the nonce is none', () => {
    const raw = { ...interactionOf(button), nonce: 7 };
    expect(read(raw)?.intent).toMatchObject({ kind: 'open_form', input: { ticket: 't1' } });
    expect(read(raw)?.intent).not.toHaveProperty('nonce');
  });
});
