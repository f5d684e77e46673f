/** Opening a person's chat, which can be repeated, and taking messages back. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Fault } from '../../../../bots/teams/simulator/index.ts';
import type { Opening } from '../../../../src/kernel/notification.ts';
import type { BotRuntime } from '../../../../src/kernel/platform.ts';
import { deliveryTo, registration, type Setup, startSetup, toChannel, toFeed } from './notifier-setup.ts';

let setup: Setup;
beforeEach(async () => {
  setup = await startSetup();
});
afterEach(() => setup.close());

function ann() {
  return { type: 'teams_chat', id: setup.simulator.person('ann').aadObjectId } as const;
}

async function open(runtime: BotRuntime = setup.runtime, fields = {}): Promise<Opening> {
  const opening = await runtime.open?.(registration(fields), ann(), 500);
  if (opening === undefined) throw new Error('Teams opens conversations');
  return opening;
}

describe("a person's chat", () => {
  it('is opened without a message, the same one each time, and can be written to', async () => {
    const opening = await open();
    expect(await open()).toEqual(opening);
    expect(setup.simulator.posted()).toEqual([]);
    if (opening.result !== 'opened') throw new Error('not opened');
    const { reference } = opening;
    expect(reference).toMatchObject({ type: 'personal', platformUserId: ann().id });
    const outcome = await setup.runtime.deliver(deliveryTo(setup, { reference }));
    expect(outcome).toMatchObject({ result: 'sent' });
    const { conversation } = setup.simulator.scene();
    expect(setup.simulator.posted()).toMatchObject([{ conversationId: conversation.id }]);
  });

  it.each<[string, Fault, Opening]>([
    ['500', { kind: 'error_after' }, { result: 'rejected', code: 'server_error', retryable: true }],
    ['a break', { kind: 'drop_after' }, { result: 'rejected', code: 'server_error', retryable: true }],
    ['silence', { kind: 'stall' }, { result: 'rejected', code: 'server_error', retryable: true }],
    [
      '429',
      { kind: 'refuse', status: 429, retryAfterSeconds: 3 },
      { result: 'rejected', code: 'throttled', retryable: true, retryAfterMs: 3000 },
    ],
    [
      '403 without a name that is known',
      { kind: 'refuse', status: 403, code: 'Forbidden' },
      { result: 'rejected', code: 'not_in_conversation', retryable: false },
    ],
    [
      'an id that is not understood',
      { kind: 'refuse', status: 400, code: 'BadSyntax' },
      { result: 'rejected', code: 'not_found', retryable: false },
    ],
  ])('is not opened after %s, which is never unknown', async (_, fault, opening) => {
    setup.simulator.faults.set('create_conversation', fault, 1);
    expect(await open()).toEqual(opening);
    expect(setup.simulator.counts.create_conversation).toBe(1);
    expect(await open()).toMatchObject({ result: 'opened' });
  });

  it('is not opened where the app is not installed, or the secret is wrong', async () => {
    setup.simulator.refuse('uninstalled');
    expect(await open()).toMatchObject({ code: 'not_in_conversation', retryable: false });
    const credentials = async () => ({ client_secret: 'wrong' });
    const wrong = { registrationId: 'registration-2', credentials };
    expect(await open(setup.runtime, wrong)).toEqual({
      result: 'rejected',
      code: 'unauthorized',
      retryable: false,
    });
  });

  it('of the demo is opened on loopback alone', async () => {
    const demo = { demo: true };
    expect(await open(setup.runtime, demo)).toMatchObject({ code: 'registration_misconfigured' });
    const local = await startSetup({
      apps: [{ appId: registration().appId, clientSecret: null }],
      settings: { demoServiceUrl: setup.simulator.firstServiceUrl, serviceUrl: 'https://example.com/' },
    });
    expect(await open(local.runtime, demo)).toMatchObject({ code: 'unauthorized' });
    await local.close();
    const outside = await startSetup({
      settings: { demoServiceUrl: 'https://smba.trafficmanager.net/teams/' },
    });
    expect(await open(outside.runtime, demo)).toMatchObject({ code: 'registration_misconfigured' });
    await outside.close();
  });
});

describe('a message is taken back', () => {
  async function sent(make: typeof deliveryTo = deliveryTo) {
    const delivery = make(setup);
    const outcome = await setup.runtime.deliver(delivery);
    if (outcome.result !== 'sent' || outcome.messageId === null) throw new Error('not sent');
    const { registration: of, destination, reference } = delivery;
    const replacement = { title: 'Withdrawn' };
    return {
      registration: of,
      destination,
      reference,
      messageId: outcome.messageId,
      replacement,
      timeoutMs: 500,
    };
  }

  it.each([deliveryTo, toChannel])('by deleting it, and again without harm', async (make) => {
    const message = await sent(make);
    const gone = { result: 'sent', messageId: message.messageId };
    expect(await setup.runtime.withdraw(message)).toEqual(gone);
    expect(setup.simulator.posted()).toEqual([]);
    expect(await setup.runtime.withdraw(message)).toEqual(gone);
    expect(setup.simulator.counts).toMatchObject({ delete: 2, update: 0 });
  });

  it('or replacing it where deleting is refused', async () => {
    setup.simulator.faults.set('delete', { kind: 'refuse', status: 405 });
    expect(await setup.runtime.withdraw(await sent())).toMatchObject({ result: 'sent' });
    const [message] = setup.simulator.posted();
    expect(JSON.stringify(message?.activity)).toContain('Withdrawn');
    expect(JSON.stringify(message?.activity)).not.toContain('Printer');
  });

  it.each<[Fault, object]>([
    [{ kind: 'error_after' }, { code: 'server_error', retryable: true }],
    [{ kind: 'stall' }, { code: 'server_error', retryable: true }],
    [
      { kind: 'refuse', status: 429, retryAfterSeconds: 1 },
      { code: 'throttled', retryAfterMs: 1000 },
    ],
  ])('at another time after %o', async (fault, outcome) => {
    const message = await sent();
    setup.simulator.faults.set('delete', fault, 1);
    expect(await setup.runtime.withdraw(message)).toMatchObject({ result: 'rejected', ...outcome });
    expect(setup.simulator.counts.update).toBe(0);
    expect(await setup.runtime.withdraw(message)).toMatchObject({ result: 'sent' });
    expect(setup.simulator.posted()).toEqual([]);
  });

  it('but not from the activity feed', async () => {
    const { destination, registration: of } = toFeed(setup);
    const message = { ...(await sent()), destination, registration: of, reference: null };
    expect(await setup.runtime.withdraw(message)).toMatchObject({ result: 'rejected', retryable: false });
    expect(setup.simulator.posted()).toHaveLength(1);
  });
});
