/** What became of a send: read back through the simulated Graph where its permissions allow. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readPage } from '../../../../bots/teams/graph-messages.ts';
import type { Fault } from '../../../../bots/teams/simulator/index.ts';
import type { LookUp } from '../../../../src/kernel/notification.ts';
import {
  deliveryTo,
  justNow,
  registration,
  type Setup,
  startSetup,
  toChannel,
  toFeed,
  toGroup,
} from './notifier-setup.ts';

let setup: Setup;
beforeEach(async () => {
  setup = await startSetup();
});
afterEach(() => setup.close());

const places = [
  ['a channel', toChannel, 'channel_messages', 'ChannelMessage.Read.Group'],
  ['a group chat', toGroup, 'chat_messages', 'ChatMessage.Read.Chat'],
] as const;

describe.each(places)('in %s', (_, make, route, permission) => {
  it('a message is found by its token among others, in whatever it is by then', async () => {
    const token = '0190a0b0-0000-7000-8000-00000000000f';
    for (let count = 0; count < 70; count += 1) {
      await setup.runtime.deliver(make(setup, { token: `other-${count}` }));
      if (count === 20) await setup.runtime.deliver(make(setup, { token }));
    }
    const posted = setup.simulator.posted()[21];
    const found = { result: 'found', messageId: posted?.id };
    expect(await setup.runtime.lookUp(make(setup, { token }), justNow())).toEqual(found);
    expect(setup.simulator.counts[route]).toBeLessThanOrEqual(2);
  });

  it('is absent when it was not posted, and everything since then was read', async () => {
    for (let count = 0; count < 55; count += 1)
      await setup.runtime.deliver(make(setup, { token: `other-${count}` }));
    expect(await setup.runtime.lookUp(make(setup), justNow())).toEqual({ result: 'absent' });
    expect(setup.simulator.counts[route]).toBe(2);
  });

  it('is absent when another bot copied the card', async () => {
    await setup.runtime.deliver(make(setup));
    for (const message of setup.simulator.posted()) message.appId = 'another';
    expect(await setup.runtime.lookUp(make(setup), justNow())).toEqual({ result: 'absent' });
  });

  it('cannot be known without the permission, which is named', async () => {
    await setup.runtime.deliver(make(setup));
    setup.simulator.world.grants.delete(permission);
    const answer = await setup.runtime.lookUp(make(setup), justNow());
    expect(answer).toMatchObject({ result: 'unknowable', detail: expect.stringContaining(permission) });
  });

  it.each<[string, Fault, LookUp]>([
    ['500', { kind: 'error_before' }, { result: 'later' }],
    ['a break', { kind: 'drop_before' }, { result: 'later' }],
    ['silence', { kind: 'stall' }, { result: 'later' }],
    ['429', { kind: 'refuse', status: 429, retryAfterSeconds: 4 }, { result: 'later', retryAfterMs: 4000 }],
  ])('cannot be known now after %s', async (_name, fault, answer) => {
    setup.simulator.faults.set(route, fault);
    expect(await setup.runtime.lookUp(make(setup, { timeoutMs: 400 }), justNow())).toEqual(answer);
  });

  it('cannot be known when no token is given', async () => {
    const credentials = async () => ({ client_secret: 'wrong' });
    const wrong = registration({ registrationId: 'registration-2', credentials });
    const answer = await setup.runtime.lookUp(make(setup, { registration: wrong }), justNow());
    expect(answer).toMatchObject({ result: 'unknowable' });
    setup.simulator.faults.set('token', { kind: 'error_before' });
    const later = registration({ registrationId: 'registration-3' });
    expect(await setup.runtime.lookUp(make(setup, { registration: later }), justNow())).toEqual({
      result: 'later',
    });
  });
});

describe('a channel', () => {
  it('whose team is known by the connector alone is looked up there, once', async () => {
    await setup.runtime.deliver(toChannel(setup));
    const delivery = toChannel(setup);
    const { conversation } = setup.simulator.scene({ conversation: simulatedChannel() });
    const reference =
      delivery.reference === null ? null : { ...delivery.reference, channelId: conversation.teamId ?? '' };
    for (let times = 0; times < 2; times += 1) {
      const answer = await setup.runtime.lookUp({ ...delivery, reference }, justNow());
      expect(answer).toMatchObject({ result: 'found' });
    }
    expect(setup.simulator.counts.team).toBe(1);
  });

  it('whose team nobody knows cannot be read', async () => {
    const delivery = toChannel(setup);
    const known = delivery.reference;
    for (const reference of [
      null,
      ...(known === null ? [] : [{ ...known, channelId: '19:x@thread.tacv2' }]),
    ]) {
      const answer = await setup.runtime.lookUp({ ...delivery, reference }, justNow());
      expect(answer).toMatchObject({ result: 'unknowable', detail: expect.stringContaining('team') });
    }
    setup.simulator.faults.set('team', { kind: 'error_before' });
    const reference = known === null ? null : { ...known, channelId: '19:y@thread.tacv2' };
    expect(await setup.runtime.lookUp({ ...delivery, reference }, justNow())).toEqual({ result: 'later' });
  });
});

describe("a person's chat", () => {
  it('can be read with a permission for the whole organization alone', async () => {
    const delivery = deliveryTo(setup);
    await setup.runtime.deliver(delivery);
    expect(await setup.runtime.lookUp(delivery, justNow())).toMatchObject({
      result: 'unknowable',
      detail: expect.stringContaining('Chat.Read.All'),
    });
    setup.simulator.identity.graphRoles = ['Chat.Read.All'];
    const [message] = setup.simulator.posted();
    expect(await setup.runtime.lookUp(delivery, justNow())).toEqual({
      result: 'found',
      messageId: message?.id,
    });
    const other = deliveryTo(setup, { token: 'never-sent' });
    expect(await setup.runtime.lookUp(other, justNow())).toEqual({ result: 'absent' });
  });

  it('cannot be read where Graph has no name for it', async () => {
    const reference = { ...deliveryTo(setup).reference, platformUserId: '29:1abc' };
    const delivery = { ...deliveryTo(setup), reference } as ReturnType<typeof deliveryTo>;
    expect(await setup.runtime.lookUp(delivery, justNow())).toMatchObject({ result: 'unknowable' });
    expect(setup.simulator.counts.chat_messages).toBe(0);
  });
});

it('an entry of the feed can be sent again', async () => {
  expect(await setup.runtime.lookUp(toFeed(setup), justNow())).toEqual({ result: 'repeatable' });
});

it('a list that goes on elsewhere is not followed, since the token would go along', async () => {
  for (let count = 0; count < 55; count += 1) {
    await setup.runtime.deliver(toChannel(setup, { token: `other-${count}` }));
  }
  // The same place under a name that Graph's own links do not begin with.
  const graphApiUrl = setup.simulator.graphUrl.replace('/v1.0', '/./v1.0');
  const loginUrl = setup.simulator.loginUrl;
  const elsewhere = await startSetup({ settings: { graphApiUrl, graphLoginUrl: loginUrl } });
  const answer = await elsewhere.runtime.lookUp(toChannel(setup), justNow());
  expect(answer).toMatchObject({ result: 'unknowable', detail: expect.stringContaining('address') });
  expect(setup.simulator.counts.channel_messages).toBe(1);
  await elsewhere.close();
});

it('a page of Graph is read leniently', () => {
  const page = readPage(JSON.stringify({ value: [7, { id: 1 }, { id: '1', from: 3, attachments: [{}] }] }));
  expect(page).toEqual({ messages: [{ id: '1', createdAt: null, appId: null, cards: [] }], next: null });
  for (const body of ['', 'null', '{}', '{"value":{}}']) expect(readPage(body)).toBeNull();
});

function simulatedChannel() {
  const { id } = toChannel(setup).destination;
  const found = setup.simulator.world.find(id);
  if (found === null) throw new Error('there is no such channel');
  return found;
}
