/** Which parsed bodies are let through. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { holdsNul, maxDepth, unportable } from '../../../src/http/json-body.ts';
import { canonicalJson, type JsonValue } from '../../../src/kernel/canonical-json.ts';

const texts = fc.string({ unit: 'binary' });
const values = fc.jsonValue({ stringUnit: 'binary' }) as fc.Arbitrary<JsonValue>;

describe('a parsed body', () => {
  test('that is let through has a canonical form', () => {
    fc.assert(
      fc.property(values, (value) => {
        if (unportable(value) === null) expect(() => canonicalJson(value)).not.toThrow();
      }),
    );
  });

  test('with a lone surrogate or an infinite number anywhere is refused', () => {
    const bad = fc.constantFrom<JsonValue>('\ud800', 'a\udc00b', Number.POSITIVE_INFINITY, Number.NaN);
    fc.assert(
      fc.property(values, texts, bad, (value, name, fault) => {
        expect(unportable([value, { [name]: [fault] }])).not.toBeNull();
        expect(unportable({ '\udfff': value })).not.toBeNull();
      }),
    );
  });

  test('may be as deep as it must be and no deeper', () => {
    const nested = (depth: number) => Array.from({ length: depth }).reduce<JsonValue>((inner) => [inner], 1);
    expect(unportable(nested(maxDepth))).toBeNull();
    expect(unportable(nested(maxDepth + 1))).not.toBeNull();
    expect(unportable(nested(200_000))).not.toBeNull();
  });

  test('holds U+0000 exactly where its JSON does', () => {
    fc.assert(
      fc.property(values, (value) => {
        const text = JSON.stringify(value).replaceAll('\\\\', '');
        expect(holdsNul(value)).toBe(text.includes('\\u0000'));
      }),
      { examples: [[['\0']], [{ 'a\0': 1 }], ['\\u0000'], [{ a: [{ b: 'x\0' }] }]] },
    );
  });
});
