/** What a fresh machine gets: every platform's binaries in the lock file, and entries that Node itself accepts. */
import { execFile } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { root } from './imports.ts';

interface Lock {
  packages: Record<
    string,
    { version?: string; resolved?: string; optionalDependencies?: Record<string, string> }
  >;
}

const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as Lock;
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
  optionalDependencies: Record<string, string>;
};

/** npm drops an optional package that the registry lacks, in silence; `npm ci` elsewhere then misses it. */
function missingOptionals(packages: Lock['packages']): string[] {
  return Object.entries(packages).flatMap(([path, entry]) =>
    Object.keys(entry.optionalDependencies ?? {})
      .filter((name) => packages[`${path}/node_modules/${name}`] === undefined)
      .filter((name) => packages[`node_modules/${name}`] === undefined)
      .map((name) => `${path === '' ? 'the project' : path} lacks ${name}`),
  );
}

describe('lock file', () => {
  it('holds every optional package of every package', () => {
    expect(missingOptionals(lock.packages)).toEqual([]);
    const { 'node_modules/@biomejs/cli-darwin-arm64': _, ...without } = lock.packages;
    expect(missingOptionals(without)).toEqual([
      'node_modules/@biomejs/biome lacks @biomejs/cli-darwin-arm64',
    ]);
  });

  it('names no registry', () => {
    expect(Object.values(lock.packages).filter((entry) => entry.resolved !== undefined)).toEqual([]);
  });

  it('pins exact versions', () => {
    const all = { ...manifest.dependencies, ...manifest.devDependencies, ...manifest.optionalDependencies };
    expect(Object.entries(all).filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))).toEqual(
      [],
    );
  });
});

describe('entries', () => {
  it.each(['bin/start.js', 'bin/deskbridge.js'])('%s is executable', (path) => {
    expect(statSync(join(root, path)).mode & 0o111).not.toBe(0);
  });

  it('load in Node as they are: no import that only a bundler would accept', async () => {
    const script = "for (const path of ['./src/compose.ts', './src/cli/program.ts']) await import(path)";
    const { stderr } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
      cwd: root,
      env: { PATH: process.env.PATH },
    });
    expect(stderr).toBe('');
  });

  it('stop a start with wrong settings, with every fault and exit code 2', async () => {
    const environment = {
      PATH: process.env.PATH,
      PORT: 'abc',
      DESKBRIDGE_SECRET_KEY: 'short',
      LOG_LEVEL: 'loud',
    };
    const failure = await promisify(execFile)(process.execPath, ['bin/start.js'], {
      cwd: root,
      env: environment,
    }).catch((error: { code: number; stderr: string }) => error);
    expect(failure).toMatchObject({ code: 2 });
    for (const name of ['PORT', 'DESKBRIDGE_SECRET_KEY', 'LOG_LEVEL'])
      expect(String(failure.stderr)).toContain(name);
    expect(String(failure.stderr)).not.toContain('short');
  });

  it('stop a start without its database with one sentence and exit code 1', async () => {
    const environment = {
      PATH: process.env.PATH,
      PORT: '0',
      DATABASE_URL: 'postgres://somebody:secret@127.0.0.1:1/none',
      DESKBRIDGE_ADMIN_TOKEN: 'a-token-for-this-test',
      DESKBRIDGE_SECRET_KEY: Buffer.alloc(32, 1).toString('base64'),
    };
    const failure = await promisify(execFile)(process.execPath, ['bin/start.js'], {
      cwd: root,
      env: environment,
    }).catch((error: { code: number; stderr: string }) => error);
    expect(failure).toMatchObject({ code: 1 });
    expect(String(failure.stderr)).toMatch(/^The database of DATABASE_URL cannot be used: [^\n]+\n$/);
    expect(String(failure.stderr)).not.toContain('secret');
  });
});
