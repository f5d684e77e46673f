/** Notifications through the simulated connector and Graph: one request that can post, whatever happens to it. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { chainIdOf } from '../../../../bots/teams/feed.ts';
import { tokenOf } from '../../../../bots/teams/render.ts';
import { cardOf, channel, type Fault, type Route } from '../../../../bots/teams/simulator/index.ts';
import type { SendOutcome } from '../../../../src/kernel/platform.ts';
import {
  appId,
  deliveryTo,
  registration,
  type Setup,
  startSetup,
  toChannel,
  toFeed,
} from './notifier-setup.ts';

let setup: Setup;
beforeEach(async () => {
  setup = await startSetup();
});
afterEach(() => setup.close());

function visible() {
  return setup.simulator.posted();
}

describe('a message', () => {
  it('is posted into the chat, marked with its token', async () => {
    const delivery = deliveryTo(setup);
    const outcome = await setup.runtime.deliver(delivery);
    const [message, ...more] = visible();
    expect(more).toEqual([]);
    expect(outcome).toEqual({ result: 'sent', messageId: message?.id, requestId: expect.any(String) });
    expect(message).toMatchObject({ appId, replyToId: null, threadId: null });
    const card = cardOf(message?.activity ?? {});
    expect(card === null ? null : tokenOf(card)).toBe(delivery.token);
    expect(JSON.stringify(card)).toContain('Contoso');
  });

  it('in a channel is a new post, whatever thread was spoken in last', async () => {
    expect(await setup.runtime.deliver(toChannel(setup))).toMatchObject({ result: 'sent' });
    expect(visible()).toMatchObject([{ conversationId: channel('ops').id, threadId: null, replyToId: null }]);
  });

  it('goes to a conversation that nobody spoke in by the address for all regions', async () => {
    const { id } = channel('ops');
    setup.simulator.scene({ conversation: channel('ops') });
    const destination = { type: 'teams_channel', id } as const;
    const outcome = await setup.runtime.deliver(deliveryTo(setup, { destination, reference: null }));
    expect(outcome).toMatchObject({ result: 'sent' });
    expect(visible()).toMatchObject([{ conversationId: id }]);
  });

  it('to a person whose chat was not opened is not posted', async () => {
    const outcome = await setup.runtime.deliver(deliveryTo(setup, { reference: null }));
    expect(outcome).toEqual({ result: 'rejected', code: 'not_in_conversation', retryable: false });
    expect(setup.simulator.counts.send).toBe(0);
  });

  it('that is refused as too large goes reduced to title and text', async () => {
    const facts = Array.from({ length: 40 }, (_, index) => ({
      label: `Fact ${index}`,
      value: 'x'.repeat(60),
    }));
    const large = deliveryTo(setup, { message: { title: 'Ticket #1001', text: 'Printer', facts } });
    setup.simulator.world.maxActivityBytes = 2_000;
    expect(await setup.runtime.deliver(large)).toMatchObject({ code: 'payload_rejected', retryable: false });
    expect(await setup.runtime.deliver({ ...large, reduced: true })).toMatchObject({ result: 'sent' });
    const [message] = visible();
    expect(JSON.stringify(message?.activity)).toContain('Printer');
    expect(JSON.stringify(message?.activity)).not.toContain('Fact 1');
  });

  it.each([
    ['blocked', { code: 'blocked_by_user', retryable: false }],
    ['uninstalled', { code: 'not_in_conversation', retryable: false, referenceGone: true }],
  ] as const)('to somebody who has the bot %s', async (how, outcome) => {
    setup.simulator.refuse(how);
    expect(await setup.runtime.deliver(deliveryTo(setup))).toMatchObject({ result: 'rejected', ...outcome });
    setup.simulator.refuse(null);
    expect(await setup.runtime.deliver(deliveryTo(setup))).toMatchObject({ result: 'sent' });
  });

  it('follows an organization to another region', async () => {
    const delivery = deliveryTo(setup);
    setup.simulator.world.region = 'emea';
    expect(await setup.runtime.deliver(delivery)).toEqual({
      result: 'rejected',
      code: 'transient',
      retryable: true,
      detail: 'BadArgument',
    });
    expect(await setup.runtime.deliver(delivery)).toMatchObject({ result: 'sent' });
    // The next activity brought the new service URL.
    expect(await setup.runtime.deliver(deliveryTo(setup))).toMatchObject({ result: 'sent' });
    expect(visible()).toHaveLength(2);
  });

  it('of the demo goes to loopback alone', async () => {
    const demo = registration({ demo: true });
    const reference = { ...deliveryTo(setup).reference, serviceUrl: 'https://smba.trafficmanager.net/amer/' };
    const delivery = { ...deliveryTo(setup), registration: demo };
    for (const unreachable of [
      { ...delivery, reference: { ...delivery.reference, ...reference } as typeof delivery.reference },
      toFeed(setup, { registration: demo }),
    ]) {
      expect(await setup.runtime.deliver(unreachable)).toMatchObject({ code: 'registration_misconfigured' });
    }
    expect(setup.simulator.counts.token).toBe(0);
  });
});

describe('an entry of the activity feed', () => {
  it('is accepted without an id, and takes the place of its own first try', async () => {
    const delivery = toFeed(setup);
    const sent = { result: 'sent', messageId: null, requestId: expect.any(String) };
    expect(await setup.runtime.deliver(delivery)).toEqual(sent);
    expect(await setup.runtime.deliver(delivery)).toEqual(sent);
    expect(await setup.runtime.deliver(toFeed(setup, { token: 'another' }))).toEqual(sent);
    const { aadObjectId } = setup.simulator.person('ann');
    expect(setup.simulator.feed.entries(aadObjectId)).toMatchObject([
      {
        chainId: chainIdOf(delivery.token),
        title: 'Ticket #1001',
        preview: 'Printer is broken',
        versions: 2,
      },
      { chainId: chainIdOf('another'), versions: 1 },
    ]);
    expect(visible()).toEqual([]);
  });

  it('asks for a token of Graph in the organization, also for a multi-tenant bot', async () => {
    const options = { app_type: 'multi_tenant', cloud: 'public' };
    await setup.runtime.deliver(toFeed(setup, { registration: registration({ options }) }));
    expect(setup.simulator.identity.lastTokenRequest).toEqual({
      authority: registration().organization,
      scope: 'https://graph.microsoft.com/.default',
    });
  });

  it('reaches nobody who does not have the app, or not with the permission', async () => {
    setup.simulator.refuse('uninstalled');
    const refused = {
      result: 'rejected',
      code: 'not_in_conversation',
      retryable: false,
      detail: 'Forbidden',
    };
    expect(await setup.runtime.deliver(toFeed(setup))).toMatchObject(refused);
    setup.simulator.refuse(null);
    setup.simulator.world.grants.delete('TeamsActivity.Send.User');
    expect(await setup.runtime.deliver(toFeed(setup))).toMatchObject(refused);
    setup.simulator.identity.graphRoles = ['TeamsActivity.Send'];
    expect(await setup.runtime.deliver(toFeed(setup))).toMatchObject({ result: 'sent' });
  });

  it('to somebody unknown is refused', async () => {
    const destination = { type: 'teams_feed', id: 'nobody' } as const;
    const outcome = await setup.runtime.deliver(toFeed(setup, { destination }));
    expect(outcome).toMatchObject({ result: 'rejected', code: 'not_found', retryable: false });
  });
});

const unknown = (detail: string) => ({ result: 'unknown', code: 'outcome_unknown', detail });

describe.each([
  ['a message', 'send', deliveryTo],
  ['an entry of the feed', 'feed', toFeed],
] as const)('%s makes one POST', (_, route: Route, make) => {
  const accepted = () => (route === 'send' ? visible().length : setup.simulator.feed.accepted);

  it.each<[string, Fault, Partial<SendOutcome>, number]>([
    ['500 before accepting', { kind: 'error_before' }, unknown('InternalServerError') as SendOutcome, 0],
    ['500 after accepting', { kind: 'error_after' }, unknown('InternalServerError') as SendOutcome, 1],
    ['503', { kind: 'refuse', status: 503, code: 'Busy' }, unknown('Busy') as SendOutcome, 0],
    ['a break before accepting', { kind: 'drop_before' }, unknown('ECONNRESET') as SendOutcome, 0],
    ['a break after accepting', { kind: 'drop_after' }, unknown('ECONNRESET') as SendOutcome, 1],
    ['silence', { kind: 'stall' }, unknown('ETIMEDOUT') as SendOutcome, 0],
    ['an answer after the limit', { kind: 'slow', ms: 3000 }, unknown('ETIMEDOUT') as SendOutcome, 1],
    [
      '429 with a time',
      { kind: 'refuse', status: 429, retryAfterSeconds: 2 },
      { result: 'rejected', code: 'throttled', retryable: true, retryAfterMs: 2000 },
      0,
    ],
    [
      '429 without',
      { kind: 'refuse', status: 429 },
      { result: 'rejected', code: 'throttled', retryable: true },
      0,
    ],
    [
      '401 at a new token',
      { kind: 'refuse', status: 401 },
      { result: 'rejected', code: 'unauthorized', retryable: false },
      0,
    ],
  ])('after %s', async (_name, fault, outcome, times) => {
    setup.simulator.faults.set(route, fault);
    const startedAt = performance.now();
    expect(await setup.runtime.deliver(make(setup, { timeoutMs: 700 }))).toMatchObject(outcome);
    expect(performance.now() - startedAt).toBeLessThan(1500);
    // A repeat behind our back would come by now.
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(setup.simulator.counts[route]).toBe(1);
    expect(accepted()).toBe(times);
  });

  it('that may land after it was given up', async () => {
    setup.simulator.faults.set(route, { kind: 'late', ms: 600 });
    expect(await setup.runtime.deliver(make(setup, { timeoutMs: 300 }))).toMatchObject({ result: 'unknown' });
    expect(accepted()).toBe(0);
    await expect.poll(accepted).toBe(1);
    expect(setup.simulator.counts[route]).toBe(1);
  });

  it('none at all when the token takes the time', async () => {
    setup.simulator.faults.set('token', { kind: 'slow', ms: 800 });
    const startedAt = performance.now();
    const outcome = await setup.runtime.deliver(make(setup, { timeoutMs: 300 }));
    expect(performance.now() - startedAt).toBeLessThan(700);
    expect(outcome).toEqual({ result: 'rejected', code: 'transient', retryable: true });
    // The token is there by then, and must not set off what was given up.
    await new Promise((resolve) => setTimeout(resolve, 900));
    expect(setup.simulator.counts[route]).toBe(0);
  });

  it('none at all when the time is over before it could leave', async () => {
    await setup.runtime.deliver(make(setup));
    const outcome = await setup.runtime.deliver(make(setup, { timeoutMs: 0 }));
    expect(outcome).toEqual({ result: 'rejected', code: 'transient', retryable: true });
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(setup.simulator.counts[route]).toBe(1);
  });

  it('and asks for another token at the next try when one was withdrawn', async () => {
    await setup.runtime.deliver(make(setup));
    setup.simulator.identity.revokeTokens();
    const refused = { result: 'rejected', code: 'unauthorized', retryable: true };
    expect(await setup.runtime.deliver(make(setup))).toEqual(refused);
    expect(await setup.runtime.deliver(make(setup))).toMatchObject({ result: 'sent' });
  });
});
