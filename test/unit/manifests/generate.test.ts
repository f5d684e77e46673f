/** The committed manifests: up to date, with placeholders, and how drift is seen. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { inflateSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { drifted, generated } from '../../../manifests/generate.ts';

const folder = new URL('../../../manifests/', import.meta.url);

describe('the committed manifests', () => {
  it('are those that the description gives now', () => {
    expect(drifted(folder).map(([path]) => path)).toEqual([]);
    expect([...generated().keys()].sort()).toEqual([
      'lark/app.json',
      'slack/manifest.json',
      'slack/manifest.yaml',
      'teams/manifest.json',
      'teams/zh-cn.json',
    ]);
  });

  it('hold placeholders where an installation has values of its own', () => {
    const placeholders = [...generated().values()].flatMap((text) => text.match(/\{\{\w+\}\}/g) ?? []);
    expect(new Set(placeholders)).toEqual(new Set(['{{APP_ID}}', '{{PUBLIC_HOST}}', '{{REGISTRATION_ID}}']));
  });

  it('are found out when one has changed or is missing, and not for the line ends of Windows', () => {
    const copy = mkdtempSync(join(tmpdir(), 'deskbridge-manifests-'));
    onTestFinished(() => rmSync(copy, { recursive: true }));
    cpSync(folder, copy, { recursive: true });
    const at = (path: string) => join(copy, path);
    const change = (path: string, edit: (text: string) => string) =>
      writeFileSync(at(path), edit(readFileSync(at(path), 'utf8')));
    change('slack/manifest.json', (text) => text.replaceAll('\n', '\r\n'));
    change('slack/manifest.yaml', (text) => text.replace('commands', 'bookmarks:read'));
    rmSync(at('lark/app.json'));
    const found = drifted(pathToFileURL(`${copy}/`)).map(([path]) => path);
    expect(found.sort()).toEqual(['lark/app.json', 'slack/manifest.yaml']);
  });
});

describe('the icons', () => {
  it.each([
    ['color.png', 192],
    ['outline.png', 32],
  ])('%s is a square of %i pixels', (name, size) => {
    const png = readFileSync(new URL(`teams/${name}`, folder));
    expect(png.subarray(1, 4).toString()).toBe('PNG');
    expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([size, size]);
  });

  it('outline.png is white, and transparent around its lines', () => {
    const png = readFileSync(new URL('teams/outline.png', folder));
    const start = png.indexOf('IDAT');
    const rows = inflateSync(png.subarray(start + 4, start + 4 + png.readUInt32BE(start - 4)));
    const pixels = Array.from({ length: 32 * 32 }, (_, index) => {
      const offset = Math.floor(index / 32) * 129 + 1 + (index % 32) * 4;
      return [...rows.subarray(offset, offset + 4)];
    });
    expect(new Set(pixels.map(([red, green, blue]) => `${red},${green},${blue}`))).toEqual(
      new Set(['255,255,255']),
    );
    const clear = pixels.filter(([, , , alpha]) => alpha === 0).length;
    expect(clear).toBeGreaterThan(300);
    expect(clear).toBeLessThan(900);
  });
});
