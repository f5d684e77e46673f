/** The doctor's questions to Entra ID: each fault is found, said in plain words, and nothing that chat needs not fails. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { missingPermissions, rolesOf } from '../../../../bots/teams/graph-permissions.ts';
import type { Check } from '../../../../src/kernel/platform.ts';
import { registration, type Setup, startSetup } from './notifier-setup.ts';

let setup: Setup;
beforeEach(async () => {
  setup = await startSetup();
});
afterEach(() => setup.close());

async function statuses(fields = {}): Promise<Record<string, Check['status']>> {
  const checks = await setup.runtime.examine(registration(fields));
  return Object.fromEntries(checks.map(({ step, status }) => [step, status]));
}

describe('the doctor', () => {
  it('passes a registration whose organization granted everything', async () => {
    setup.simulator.identity.graphRoles = [
      'TeamsActivity.Send',
      'ChannelMessage.Read.All',
      'Chat.ReadWrite.All',
    ];
    expect(await statuses()).toEqual({
      credentials: 'pass',
      token: 'pass',
      bot_id: 'pass',
      graph_token: 'pass',
      feed: 'pass',
      readback: 'pass',
    });
  });

  it('warns of what is not granted, by name, and says what follows', async () => {
    setup.simulator.identity.graphRoles = ['ChannelMessage.Read.All'];
    const checks = await setup.runtime.examine(registration());
    const feed = checks.find(({ step }) => step === 'feed');
    expect(feed).toMatchObject({ status: 'warn', detail: expect.stringContaining('TeamsActivity.Send.') });
    const readback = checks.find(({ step }) => step === 'readback');
    expect(readback?.detail).toContain(': Chat.Read.All.');
    expect(readback).toMatchObject({ status: 'warn', remedy: expect.stringContaining('app package') });
    // What is granted by now is seen, whatever token was kept.
    setup.simulator.identity.graphRoles = ['TeamsActivity.Send'];
    expect(await statuses()).toMatchObject({ feed: 'pass', readback: 'warn' });
  });

  it('skips what needs a token, and only the bot fails by a wrong secret', async () => {
    const credentials = async () => ({ client_secret: 'wrong' });
    expect(await statuses({ registrationId: 'registration-2', credentials })).toEqual({
      credentials: 'pass',
      token: 'fail',
      bot_id: 'pass',
      graph_token: 'warn',
      feed: 'skipped',
      readback: 'skipped',
    });
    expect(await statuses({ credentials: async () => ({}) })).toMatchObject({
      credentials: 'fail',
      graph_token: 'skipped',
    });
    setup.simulator.faults.set('token', { kind: 'error_before' });
    expect(await statuses({ registrationId: 'registration-3' })).toMatchObject({
      token: 'warn',
      graph_token: 'warn',
    });
  });

  it('asks nobody for the demo', async () => {
    expect(await statuses({ demo: true })).toMatchObject({ token: 'skipped', feed: 'skipped' });
    expect(setup.simulator.counts.token).toBe(0);
  });
});

it("reads a token's permissions, and nothing from what is none", () => {
  const token = (claims: unknown) => `x.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.y`;
  expect(rolesOf(token({ roles: ['Chat.Read.All', 7] }))).toEqual(['Chat.Read.All']);
  for (const none of ['', 'opaque', '...', token(null), token({ roles: 'x' }), 'a.!!.c']) {
    expect(rolesOf(none)).toEqual([]);
  }
  expect(missingPermissions('readback', [])).toEqual(['ChannelMessage.Read.All', 'Chat.Read.All']);
});
