/** How many sends of unknown outcome a lane's owner asks after: no more than the platform publishes, and each once. */
import { expect, test } from 'vitest';
import { lark } from '../../../bots/lark/index.ts';
import { slack } from '../../../bots/slack/index.ts';
import { teams } from '../../../bots/teams/index.ts';
import { newId } from '../../../src/kernel/ids.ts';
import type { DestinationType } from '../../../src/kernel/notification.ts';
import type { BotPlatform } from '../../../src/kernel/platform.ts';
import type { PendingDelivery } from '../../../src/notify/delivery.ts';
import type { LaneChannel } from '../../../src/notify/lane.ts';
import { LaneMemory } from '../../../src/notify/lane-memory.ts';
import { MessageComposer } from '../../../src/notify/message-composer.ts';
import { now, openDatabase } from './notify-fixture.ts';

const count = 60;
const start = now.getTime();

test.each<[string, BotPlatform, DestinationType, string, number]>([
  // 50 a minute, less the tenth that is not used.
  ['a workspace of Slack', slack, 'slack_dm', 'U%', 45],
  // 20 a second, less the tenth.
  ['chats of Teams', teams, 'teams_chat', '19:%@thread.v2', 18],
  // 4 a second for each channel.
  ['one channel of Teams', teams, 'teams_channel', '19:one@thread.tacv2', 4],
  ['the feed, where nobody is asked', teams, 'teams_feed', '%', count],
  ['Lark, which publishes nothing', lark, 'lark_user', 'ou_%', count],
])('%s', async (_what, platform, type, ids, atOnce) => {
  const { database, close } = await openDatabase();
  try {
    const composer = new MessageComposer({
      database,
      clock: { now: () => now },
      publicUrl: 'https://desk.test',
      nonce: () => '',
    });
    const lane = {
      laneId: newId(),
      tenantId: newId(),
      platform: platform.id,
      epoch: 1,
      owner: 'test',
    };
    const memory = new LaneMemory(database, composer, lane, { limits: platform.limits } as LaneChannel);
    for (let index = 0; index < count; index += 1) {
      const id = ids.replace('%', `${index}`);
      memory.addUnknown({ id: newId(), destination: { type, id } } as PendingDelivery, start);
    }
    const asked: string[] = [];
    const askAt = (time: number) => {
      for (;;) {
        const next = memory.nextUnknown(time, platform.addressing);
        if (next === null) return;
        asked.push(next.item.id);
        if (next.charge !== null) memory.answered(next.charge, time);
      }
    };
    askAt(start);
    expect(asked).toHaveLength(atOnce);
    for (let time = start; asked.length < count; time = memory.nextUnknownAt) askAt(time);
    expect(new Set(asked).size).toBe(count);
    expect(memory.nextUnknownAt).toBe(Number.POSITIVE_INFINITY);
  } finally {
    await close();
  }
});
