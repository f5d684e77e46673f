/** What cards bring back is read with distrust: whatever is taken can be hashed, and nothing throws. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { intentOfInteraction } from '../../../../bots/shared/interaction.ts';
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
