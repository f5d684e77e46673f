/** The secret box: what it seals only it opens, for the purpose that was named, under keys that can change. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SecretBox } from '../../../src/infra/secret-box.ts';

const first = Buffer.alloc(32, 1);
const second = Buffer.alloc(32, 2);

describe('secret box', () => {
  it('opens what it sealed, for any text', () => {
    const box = new SecretBox([first]);
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string(), (secret, purpose) => {
        expect(box.open(box.seal(secret, purpose), purpose)).toBe(secret.toWellFormed());
      }),
    );
  });

  it('never seals the same text the same way, and never shows it', () => {
    const box = new SecretBox([first]);
    const sealed = box.seal('correct horse', 'test');
    expect(sealed).not.toBe(box.seal('correct horse', 'test'));
    expect(Buffer.from(sealed.split('.').at(-1) ?? '', 'base64url').toString('latin1')).not.toContain(
      'correct',
    );
  });

  it('refuses another purpose, another key and any changed character, without naming the content', () => {
    const box = new SecretBox([first]);
    const sealed = box.seal('correct horse', 'registration:1');
    expect(() => box.open(sealed, 'registration:2')).toThrow(/altered|purpose/);
    expect(() => new SecretBox([second]).open(sealed, 'registration:1')).toThrow(/no key/);
    fc.assert(
      fc.property(fc.nat(sealed.length - 1), (at) => {
        const changed = `${sealed.slice(0, at)}${sealed[at] === 'A' ? 'B' : 'A'}${sealed.slice(at + 1)}`;
        // The last character of base64url may hold bits that mean nothing.
        fc.pre(
          !Buffer.from(changed.split('.').at(-1) ?? '', 'base64url').equals(
            Buffer.from(sealed.split('.').at(-1) ?? '', 'base64url'),
          ) || changed.split('.').slice(0, 3).join() !== sealed.split('.').slice(0, 3).join(),
        );
        expect(() => box.open(changed, 'registration:1')).toThrow(/^secret box/);
      }),
    );
  });

  it('opens old secrets after a rotation and says which need a new seal', () => {
    const old = new SecretBox([first]).seal('s', 'p');
    const rotated = new SecretBox([second, first]);
    expect(rotated.open(old, 'p')).toBe('s');
    expect(rotated.needsRotation(old)).toBe(true);
    expect(rotated.needsRotation(rotated.seal('s', 'p'))).toBe(false);
  });

  it('derives another secret for each purpose and key', () => {
    const box = new SecretBox([first]);
    const derived = [box.derive('a'), box.derive('b'), new SecretBox([second]).derive('a')];
    expect(new Set(derived).size).toBe(3);
    expect(derived[0]).toMatch(/^[0-9a-f]{64}$/);
  });

  it('takes keys of 32 bytes only', () => {
    expect(() => new SecretBox([])).toThrow(/32 bytes/);
    expect(() => new SecretBox([Buffer.alloc(31)])).toThrow(/32 bytes/);
  });
});
