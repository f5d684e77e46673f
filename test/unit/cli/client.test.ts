/** Where commands find the server, and whom they give which token. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findServer, tenantPath } from '../../../src/cli/client.ts';

let dataDir: string;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'deskbridge-cli-'));
  await writeFile(join(dataDir, 'admin-token'), 'local-token\n');
});

afterAll(async () => {
  await rm(dataDir, { recursive: true });
});

describe('findServer', () => {
  it.each([
    [{}, 'http://127.0.0.1:3978'],
    [{ PORT: '4000' }, 'http://127.0.0.1:4000'],
    [{ HOST: '0.0.0.0' }, 'http://127.0.0.1:3978'],
    [{ HOST: '::' }, 'http://[::1]:3978'],
    [{ HOST: '192.0.2.7' }, 'http://192.0.2.7:3978'],
    [{ DESKBRIDGE_URL: 'http://localhost:1/', PORT: '2' }, 'http://localhost:1'],
    [{ DESKBRIDGE_URL: 'http://[::1]:1' }, 'http://[::1]:1'],
    [{ DESKBRIDGE_URL: ' ' }, 'http://127.0.0.1:3978'],
  ])('takes the token file for the server of this machine: %j', async (env, url) => {
    const found = await findServer({ ...env, DESKBRIDGE_DATA_DIR: dataDir });
    expect(found).toEqual({ url, token: 'local-token' });
  });

  it('never gives the token file to another server', async () => {
    const env = { DESKBRIDGE_URL: 'https://desk.example.com/base/', DESKBRIDGE_DATA_DIR: dataDir };
    expect(await findServer(env)).toEqual({ url: 'https://desk.example.com/base', token: null });
    const named = await findServer({ ...env, DESKBRIDGE_TOKEN: 'dbk_mine' });
    expect(named.token).toBe('dbk_mine');
  });
});

describe('tenantPath', () => {
  it('escapes its parts', () => {
    expect(tenantPath('a/b', 'keys', '?x=1')).toBe('/v1/tenants/a%2Fb/keys/%3Fx%3D1');
  });

  it.each(['', '.', '..'])('refuses %j, which a URL would swallow', (part) => {
    expect(() => tenantPath('acme', 'keys', part)).toThrow('is not an id');
  });
});
