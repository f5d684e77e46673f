/** The process killed at the points that matter, each held still from outside: no hook in the product helps. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, type ExpectStatic, inject, it } from 'vitest';
import { platforms } from '../../bots/index.ts';
import type { Gesture } from '../../src/kernel/simulated-chat.ts';
import { createTestDatabase } from '../support/databases.ts';
import { type DeliveryRules, deliveryRules } from '../support/kill-platforms.ts';
import { KillScene, until } from '../support/kill-scene.ts';

/** The promise: a reply that a crash left unsent goes out within this time of a start. */
const lateReplyMs = 15_000;
/** Long enough for a second reply to show, were there one. */
const quietMs = 2_500;
const title = 'Printer on floor 3';
const done = { tickets: 1, audit: ['success'], receipts: ['replied'], dueReplies: 0 };
const forever = 600_000;
const rulesOf: Readonly<Record<string, DeliveryRules>> = deliveryRules;

/** Starts again and waits for as many messages as this; nothing is sent to the server meanwhile. */
async function replyAfterRestart(scene: KillScene, messages: number): Promise<void> {
  await scene.server.start();
  await until('the late reply', async () => (await scene.visible()).length >= messages, lateReplyMs);
  await recorded(scene);
}

async function recorded(scene: KillScene): Promise<void> {
  await until('its record', async () => (await scene.traces()).dueReplies === 0, lateReplyMs);
}

/** The identical event again: acknowledged, and nothing more. */
async function redeliver(scene: KillScene, expect: ExpectStatic, gesture: Gesture): Promise<void> {
  const before = { traces: await scene.traces(), messages: await scene.visible() };
  expect((await gesture.repeat('same')).status).toBe(200);
  await sleep(quietMs);
  expect({ traces: await scene.traces(), messages: await scene.visible() }).toEqual(before);
  expect(await scene.chainHolds()).toBe(true);
}

async function withScene(platform: string, work: (scene: KillScene) => Promise<void>): Promise<void> {
  const database = await createTestDatabase();
  const scene = await KillScene.open(platform, database, join(inject('cluster').folder, database.name));
  try {
    await scene.server.start();
    await scene.world.platform.introduce?.();
    await work(scene);
  } finally {
    await scene.close();
  }
}

/** Whatever the platform, these happen in the one path of all activities; tried on one, since each is a server of its own. */
describe.concurrent('a message', () => {
  it('killed before the commit has left nothing, and its redelivery does it once', ({ expect }) =>
    withScene('teams', async (scene) => {
      const letGo = await scene.holdAuditHead();
      const sent = scene.say(`new ticket ${title}`);
      await until('the wait for the head', async () => (await scene.sessions(true)) === 1);
      await scene.server.kill();
      const lost = await sent;
      expect(lost.status).toBe(0);
      await letGo();
      await until('the end of the dead session', async () => (await scene.sessions(false)) === 0);
      expect(await scene.traces()).toMatchObject({ tickets: 0, audit: [], receipts: [], dueReplies: 0 });

      await scene.server.start();
      expect((await lost.repeat('same')).status).toBe(200);
      await until('the reply', async () => (await scene.visible()).length === 1);
      await recorded(scene);
      expect(await scene.traces()).toMatchObject(done);
      await redeliver(scene, expect, lost);
    }));

  it('killed after the commit, before the acknowledgement, is replied to without a redelivery', ({
    expect,
  }) =>
    withScene('teams', async (scene) => {
      const held = scene.proxy.holdCommitAfter(title);
      const sent = scene.say(`new ticket ${title}`);
      await held;
      await until('the commit', async () => (await scene.traces()).receipts[0] === 'handled');
      await scene.server.kill();
      const lost = await sent;
      expect(lost.status).toBe(0);
      expect(await scene.visible()).toEqual([]);

      await replyAfterRestart(scene, 1);
      expect((await scene.visible())[0]?.text).toContain(title);
      expect(await scene.traces()).toMatchObject(done);
      await redeliver(scene, expect, lost);
    }));

  it('killed between the acknowledgement and the reply is replied to after the restart', ({ expect }) =>
    withScene('teams', async (scene) => {
      const { faults } = scene.world.platform;
      faults.next('post', { kind: 'stall' });
      const sent = await scene.say(`new ticket ${title}`);
      expect(sent.status).toBe(200);
      await sleep(quietMs);
      expect(await scene.traces()).toMatchObject({ ...done, receipts: ['handled'], dueReplies: 1 });
      await scene.server.kill();
      faults.clear();
      expect(await scene.visible()).toEqual([]);

      await replyAfterRestart(scene, 1);
      expect((await scene.visible())[0]?.text).toContain(title);
      expect(await scene.traces()).toMatchObject(done);
      await redeliver(scene, expect, sent);
    }));
});

describe.concurrent.each(platforms.map(({ id, capabilities }) => ({ id, capabilities })))(
  'on $id',
  ({ id, capabilities }) => {
    it('a message killed between the reply and its record is sent again, and nothing else happens twice', ({
      expect,
    }) =>
      withScene(id, async (scene) => {
        const { faults } = scene.world.platform;
        faults.next('post', { kind: 'slow', ms: forever });
        const sent = await scene.say(`new ticket ${title}`);
        expect(sent.status).toBe(200);
        await until('the post', async () => (await scene.visible()).length === 1);
        expect(await scene.traces()).toMatchObject({ ...done, receipts: ['handled'], dueReplies: 1 });
        await scene.server.kill();
        faults.clear();

        // With a token of ours the platform itself posts it once.
        await replyAfterRestart(scene, capabilities.serverSideIdempotency ? 1 : 2);
        expect(new Set((await scene.visible()).map(({ text }) => text)).size).toBe(1);
        expect(await scene.traces()).toMatchObject(done);
        await redeliver(scene, expect, sent);
      }));

    it('a press killed between the commit and its answer is confirmed after the restart, and a repeat does nothing', ({
      expect,
    }) =>
      withScene(id, async (scene) => {
        const [ticket] = scene.tenant.tickets;
        await scene.say(`ticket ${ticket?.number}`);
        await until('the card', async () => (await scene.visible()).length === 1);
        await recorded(scene);
        const [card] = await scene.visible();
        if (card === undefined) throw new Error('no card was shown');

        const held = scene.proxy.holdCommitAfter(ticket?.ticketId ?? '');
        const pressed = scene.press(card, 'Assign to me');
        await held;
        await until('the commit', async () => (await scene.traces()).receipts.at(-1) === 'handled');
        await scene.server.kill();
        const lost = await pressed;
        expect(lost.status).toBe(0);

        // As a message of its own, or on the card where presses are always answered so.
        const onCard = scene.world.platform.rules.press === 'message';
        await replyAfterRestart(scene, onCard ? 1 : 2);
        const confirmed = await scene.visible();
        expect(confirmed.at(-1)?.text).toContain(`#${ticket?.number} is yours now`);
        expect(confirmed.at(-1)?.versions).toBe(onCard ? 2 : 1);
        const once = { assignments: 1, audit: ['success'], receipts: ['replied', 'replied'], dueReplies: 0 };
        expect(await scene.traces()).toMatchObject(once);

        // The platform's repeat, or the person's second press: another id, the same nonce.
        const repeated = await lost.repeat('later');
        expect(repeated.status).toBe(200);
        await recorded(scene);
        const answer = repeated.replaced?.text ?? (await scene.visible()).at(-1)?.text;
        expect(answer).toContain('is yours now');
        await sleep(quietMs);
        expect(await scene.traces()).toMatchObject({
          ...once,
          receipts: ['replied', 'replied', 'replied'],
        });
        if (!onCard) expect(await scene.visible()).toHaveLength(2);
        expect(await scene.chainHolds()).toBe(true);
      }));

    it.runIf(rulesOf[id]?.command === 'request')(
      'a command killed between the commit and its answer is confirmed by a message after the restart',
      ({ expect }) =>
        withScene(id, async (scene) => {
          const held = scene.proxy.holdCommitAfter(title);
          const asked = scene.command(`new ticket ${title}`);
          await held;
          await until('the commit', async () => (await scene.traces()).receipts[0] === 'handled');
          await scene.server.kill();
          const lost = await asked;
          expect(lost).toMatchObject({ status: 0, shown: null });
          expect(await scene.visible()).toEqual([]);

          await replyAfterRestart(scene, 1);
          expect((await scene.visible())[0]?.text).toContain(title);
          const once = await scene.traces();
          expect(once).toMatchObject(done);
          // The platform repeats no command; whoever recorded it gets the answer again, and nothing is done.
          expect((await lost.repeat('same')).shown?.lines.map(({ text }) => text).join()).toContain(title);
          await sleep(quietMs);
          expect(await scene.traces()).toEqual(once);
          expect(await scene.chainHolds()).toBe(true);
        }),
    );
  },
);
