/** Lark's encryption and signature against the platform's own example, and against damage. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decrypt, encrypt, isSameSecret, signatureOf } from '../../../../bots/lark/crypto.ts';

const example = JSON.parse(
  readFileSync(new URL('../../../fixtures/lark/handshakes/encryption.json', import.meta.url), 'utf8'),
);

describe('encryption', () => {
  it('reads the example of the documentation', () => {
    expect(decrypt(example.encrypt, example.encrypt_key)).toBe(example.plain);
  });

  it('writes it too, with the same initialization vector', () => {
    const iv = Buffer.from(example.encrypt, 'base64').subarray(0, 16);
    expect(encrypt(example.plain, example.encrypt_key, iv)).toBe(example.encrypt);
  });

  it('takes back what it wrote, under the same key alone', () => {
    const plain = fc.string({ unit: 'grapheme', maxLength: 500 });
    fc.assert(
      fc.property(plain, fc.string({ minLength: 1 }), (text, key) => {
        const encrypted = encrypt(text, key);
        expect(decrypt(encrypted, key)).toBe(text);
        expect(decrypt(encrypted, `${key}x`)).not.toBe(text);
      }),
    );
  });

  it('gives nothing for garbage, and does not throw', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.base64String({ maxLength: 400 })), (garbage) => {
        const plain = decrypt(garbage, 'key');
        expect(plain === null || typeof plain === 'string').toBe(true);
      }),
    );
    for (const text of ['', 'x', 'AAAA', Buffer.alloc(16).toString('base64'), '\ud800']) {
      expect(decrypt(text, 'key')).toBeNull();
    }
  });

  it('gives nothing for bytes that are no text', () => {
    const encrypted = encrypt('\u{1F600}', 'key', Buffer.alloc(16));
    const bytes = Buffer.from(encrypted, 'base64');
    // A bit of the initialization vector is the same bit of the first character.
    bytes.writeUInt8(bytes.readUInt8(0) ^ 0x40, 0);
    expect(decrypt(bytes.toString('base64'), 'key')).toBeNull();
  });
});

describe('the signature', () => {
  it('is the plain SHA-256 of the four parts in a row', () => {
    // Of the text "170000000012345key{}", by sha256sum.
    const signature = '6bf52c0ce0738ff10f61862e37123fc4f672981311af3e96e77401daba23686e';
    expect(signatureOf('1700000000', '12345', 'key', Buffer.from('{}'))).toBe(signature);
  });

  it('depends on every byte of the body', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1 }),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (bytes, at, bits) => {
          const body = Buffer.from(bytes);
          const before = signatureOf('1', '2', 'k', body);
          const place = at % body.length;
          body.writeUInt8(body.readUInt8(place) ^ bits, place);
          expect(signatureOf('1', '2', 'k', body)).not.toBe(before);
        },
      ),
    );
  });
});

it('compares secrets of any length', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (one, other) => {
      expect(isSameSecret(one, other)).toBe(one === other);
      expect(isSameSecret(one, one)).toBe(true);
    }),
  );
});
