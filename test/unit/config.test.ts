/** Settings: defaults, every fault at once, and what production refuses. */
import { describe, expect, it } from 'vitest';
import { ConfigError, readConfig } from '../../src/config.ts';

const key = Buffer.alloc(32, 1).toString('base64');
const other = Buffer.alloc(32, 2).toString('base64');

function faultsOf(environment: Record<string, string>): string[] {
  try {
    readConfig(environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
}

describe('settings', () => {
  it('have defaults for everything', () => {
    expect(readConfig({})).toMatchObject({
      host: '127.0.0.1',
      port: 3978,
      databaseUrl: null,
      roles: ['web', 'notifier', 'worker'],
      publicUrl: 'http://127.0.0.1:3978',
      demo: true,
      production: false,
      logLevel: 'info',
      graph: { apiUrl: null, loginUrl: null },
      deliveryRetentionDays: 90,
    });
  });

  it("take Graph's addresses without a slash at their end, and whole days of retention", () => {
    const config = readConfig({
      DESKBRIDGE_GRAPH_API_URL: 'http://127.0.0.1:9/v1.0/',
      DESKBRIDGE_GRAPH_LOGIN_URL: 'https://login.example.test/',
      DESKBRIDGE_DELIVERY_RETENTION_DAYS: '7',
    });
    expect(config.graph).toEqual({
      apiUrl: 'http://127.0.0.1:9/v1.0',
      loginUrl: 'https://login.example.test',
    });
    expect(config.deliveryRetentionDays).toBe(7);
    for (const days of ['0', '1.5', 'many', '4000']) {
      expect(faultsOf({ DESKBRIDGE_DELIVERY_RETENTION_DAYS: days })).toHaveLength(1);
    }
    expect(faultsOf({ DESKBRIDGE_GRAPH_API_URL: 'http://graph.example.test/v1.0' })).toHaveLength(1);
  });

  it('take an empty variable as unset', () => {
    expect(readConfig({ PORT: '', DATABASE_URL: ' ', DESKBRIDGE_SECRET_KEY: '' })).toEqual(readConfig({}));
  });

  it('report every fault together and quote no value', () => {
    const faults = faultsOf({
      PORT: '70000',
      DATABASE_URL: 'mysql://secret@host/db',
      DESKBRIDGE_SECRET_KEY: 'c2hvcnQ=',
      DESKBRIDGE_ADMIN_TOKEN: 'tooshort',
      DESKBRIDGE_ROLES: 'web,cook',
      DESKBRIDGE_TEAMS_LOGIN_URL: 'http://login.example.test',
      LOG_LEVEL: 'loud',
    });
    expect(faults.map((fault) => fault.split(':')[0]).sort()).toEqual([
      'DATABASE_URL',
      'DESKBRIDGE_ADMIN_TOKEN',
      'DESKBRIDGE_ROLES',
      'DESKBRIDGE_SECRET_KEY',
      'DESKBRIDGE_TEAMS_LOGIN_URL',
      'LOG_LEVEL',
      'PORT',
    ]);
    expect(faults.join()).not.toMatch(/secret@|c2hvcnQ|tooshort|cook/);
  });

  it.each(['http://localhost:9/x', 'http://127.0.0.1:9', 'http://[::1]:9', 'https://login.example.test'])(
    'take %s as an overriding URL',
    (url) => {
      expect(readConfig({ DESKBRIDGE_TEAMS_LOGIN_URL: url }).teams.loginUrl).toBe(url);
    },
  );

  it.each(['http://localhost.evil.test', 'http://10.0.0.1', 'ftp://localhost', 'localhost:9'])(
    'refuse %s',
    (url) => {
      expect(faultsOf({ DESKBRIDGE_TEAMS_OPENID_URL: url })).toHaveLength(1);
    },
  );

  it('hold several secret keys, the current one first', () => {
    expect(readConfig({ DESKBRIDGE_SECRET_KEY: `${key},${other}` }).secretKeys?.map((one) => one[0])).toEqual(
      [1, 2],
    );
  });

  it('of production demand a key and a token and refuse the demo', () => {
    const environment = {
      NODE_ENV: 'production',
      DESKBRIDGE_SECRET_KEY: key,
      DESKBRIDGE_ADMIN_TOKEN: 'x'.repeat(20),
    };
    expect(readConfig(environment)).toMatchObject({ production: true, demo: false });
    expect(faultsOf({ ...environment, DESKBRIDGE_DEMO: '1' })).toHaveLength(1);
    expect(faultsOf({ NODE_ENV: 'production' })).toHaveLength(2);
  });

  it('take a public URL without its trailing slash', () => {
    expect(readConfig({ DESKBRIDGE_PUBLIC_URL: 'https://desk.example.test/' }).publicUrl).toBe(
      'https://desk.example.test',
    );
  });
});
