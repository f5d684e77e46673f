/** The simulator's side of notifications: what is seen of the bot, the published limits, and read receipts. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TeamsChat } from '../../../../bots/teams/simulator/simulated-chat.ts';
import { toActivity } from '../../../../bots/teams/to-activity.ts';
import {
  appId,
  deliveryTo,
  organization,
  type Setup,
  startSetup,
  toChannel,
  toFeed,
} from './notifier-setup.ts';

let now: number;
let setup: Setup;
let chat: TeamsChat;
beforeEach(async () => {
  now = Date.parse('2026-11-20T09:00:00Z');
  setup = await startSetup({ enforceLimits: true, clock: { now: () => new Date(now) } });
  chat = new TeamsChat(setup.simulator, [{ key: 'main', appId, organization }]);
});
afterEach(() => setup.close());

describe('what is seen of the bot', () => {
  it('is in the order of posting, over all conversations, with tokens, and without what is gone', async () => {
    for (const [index, make] of [deliveryTo, toChannel, deliveryTo].entries()) {
      await setup.runtime.deliver(make(setup, { token: `delivery-${index}` }));
    }
    expect(chat.postedByBot().map(({ token }) => token)).toEqual(['delivery-0', 'delivery-1', 'delivery-2']);
    const [first, second] = setup.simulator.posted();
    if (first === undefined || second === undefined) throw new Error('nothing was posted');
    setup.simulator.oracle.recordDelete(first.conversationId, first.id);
    setup.simulator.oracle.recordChange(second.conversationId, second.id, 'update', {
      type: 'message',
      text: 'x',
    });
    // A message keeps the token that it was posted with, whatever its card became.
    expect(chat.postedByBot().map(({ token }) => token)).toEqual(['delivery-1', 'delivery-2']);
  });
});

describe('the published limits', () => {
  it('of a conversation: seven in a second, eight in two', async () => {
    for (let count = 0; count < 7; count += 1) {
      expect(await setup.runtime.deliver(deliveryTo(setup))).toMatchObject({ result: 'sent' });
    }
    const throttled = { result: 'rejected', code: 'throttled', retryAfterMs: 1000 };
    expect(await setup.runtime.deliver(deliveryTo(setup))).toMatchObject(throttled);
    expect(await setup.runtime.deliver(toChannel(setup))).toMatchObject({ result: 'sent' });
    now += 1000;
    expect(await setup.runtime.deliver(deliveryTo(setup))).toMatchObject({ result: 'sent' });
    expect(await setup.runtime.deliver(deliveryTo(setup))).toMatchObject(throttled);
    expect(chat.violations()).toBe(2);
    expect(setup.simulator.posted()).toHaveLength(9);
  });

  it('of the app in the organization, as they are overridden', async () => {
    setup.simulator.limits.override({ organization_requests: 2 });
    const outcomes = [];
    for (const make of [deliveryTo, toChannel, deliveryTo])
      outcomes.push(await setup.runtime.deliver(make(setup)));
    expect(outcomes.map(({ result }) => result)).toEqual(['sent', 'sent', 'rejected']);
  });

  it('of the activity feed: five in a second', async () => {
    const outcomes = [];
    for (let count = 0; count < 6; count += 1) {
      outcomes.push(await setup.runtime.deliver(toFeed(setup, { token: `delivery-${count}` })));
    }
    expect(outcomes.filter(({ result }) => result === 'sent')).toHaveLength(5);
    expect(chat.violations()).toBe(1);
  });

  it('do not hold unless they are switched on', async () => {
    setup.simulator.limits.enforced = false;
    for (let count = 0; count < 20; count += 1) {
      expect(await setup.runtime.deliver(deliveryTo(setup))).toMatchObject({ result: 'sent' });
    }
    expect(chat.violations()).toBe(0);
  });
});

describe('a read receipt', () => {
  let bot: Server;
  const received: string[] = [];
  beforeEach(async () => {
    bot = createServer((request, response) => {
      request.on('data', (chunk) => received.push(String(chunk)));
      request.on('end', () => response.end());
    });
    await new Promise<void>((resolve) => bot.listen(0, '127.0.0.1', resolve));
    const { port } = bot.address() as AddressInfo;
    chat.connect(`http://127.0.0.1:${port}`);
  });
  afterEach(() => bot.close());

  it("is sent by a person's client, as the bot understands it", async () => {
    await setup.runtime.deliver(deliveryTo(setup));
    const [message] = chat.postedByBot();
    if (message === undefined) throw new Error('nothing was posted');
    expect(await chat.read(message)).toMatchObject({ status: 200 });
    const translation = toActivity(JSON.parse(received.join('')), appId);
    expect(translation).toMatchObject({
      activity: {
        intent: { kind: 'evidence', of: 'read', readUpTo: message.id },
        reference: { platformConversationId: message.conversation },
      },
    });
  });
});
