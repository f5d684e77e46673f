/** The process killed at the three points that matter, each held still from outside: no hook in the product helps. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, type ExpectStatic, inject, it } from 'vitest';
import { findButton, isObject } from '../../bots/teams/simulator/cards.ts';
import { cardOf } from '../../bots/teams/simulator/index.ts';
import { pressActivity } from '../../bots/teams/simulator/press.ts';
import { createTestDatabase } from '../support/databases.ts';
import { readable, textOf } from '../support/gateway.ts';
import { KillScene, until } from '../support/kill-scene.ts';

/** The promise: a reply that a crash left unsent goes out within this time of a start. */
const lateReplyMs = 15_000;
/** Long enough for a second reply to show, were there one. */
const quietMs = 2_500;
const title = 'Printer on floor 3';
const done = { tickets: 1, audit: ['success'], receipts: ['replied'], dueReplies: 0 };
const forever = 600_000;

async function withScene(work: (scene: KillScene) => Promise<void>): Promise<void> {
  const database = await createTestDatabase();
  const scene = await KillScene.open(database, join(inject('cluster').folder, database.name));
  try {
    await scene.server.start();
    await work(scene);
  } finally {
    await scene.close();
  }
}

/** Starts again and waits for as many messages as this; nothing is sent to the server meanwhile. */
async function replyAfterRestart(scene: KillScene, messages: number): Promise<void> {
  await scene.server.start();
  await until('the late reply', () => scene.visible().length >= messages, lateReplyMs);
  await until('its record', async () =>
    (await scene.traces()).receipts.every((state) => state === 'replied'),
  );
}

/** The identical activity again: acknowledged, and nothing more. */
async function redeliver(scene: KillScene, expect: ExpectStatic, activity: Parameters<KillScene['send']>[0]) {
  const before = { traces: await scene.traces(), messages: scene.visible().length };
  expect((await scene.send(activity)).status).toBe(200);
  await sleep(quietMs);
  expect({ traces: await scene.traces(), messages: scene.visible().length }).toEqual(before);
  expect(await scene.chainHolds()).toBe(true);
}

describe.concurrent('a message', () => {
  it('killed before the commit has left nothing, and its redelivery does it once', ({ expect }) =>
    withScene(async (scene) => {
      const letGo = await scene.holdAuditHead();
      const activity = scene.message(`new ticket ${title}`);
      const lost = scene.send(activity);
      await until('the wait for the head', async () => (await scene.sessions(true)) === 1);
      await scene.server.kill();
      expect(await lost).toMatchObject({ status: 0 });
      await letGo();
      await until('the end of the dead session', async () => (await scene.sessions(false)) === 0);
      expect(await scene.traces()).toMatchObject({ tickets: 0, audit: [], receipts: [], dueReplies: 0 });

      await scene.server.start();
      expect((await scene.send(activity)).status).toBe(200);
      await until('the reply', () => scene.visible().length === 1);
      await until('its record', async () => (await scene.traces()).dueReplies === 0);
      expect(await scene.traces()).toMatchObject(done);
      await redeliver(scene, expect, activity);
    }));

  it('killed after the commit, before the acknowledgement, is replied to without a redelivery', ({
    expect,
  }) =>
    withScene(async (scene) => {
      const held = scene.proxy.holdCommitAfter(title);
      const activity = scene.message(`new ticket ${title}`);
      const lost = scene.send(activity);
      await held;
      await until('the commit', async () => (await scene.traces()).receipts[0] === 'handled');
      await scene.server.kill();
      expect(await lost).toMatchObject({ status: 0 });
      expect(scene.visible()).toEqual([]);

      await replyAfterRestart(scene, 1);
      expect(scene.visible().map(textOf).join()).toContain(title);
      expect(await scene.traces()).toMatchObject(done);
      await redeliver(scene, expect, activity);
    }));

  it('killed between the acknowledgement and the reply is replied to after the restart', ({ expect }) =>
    withScene(async (scene) => {
      // Without its token the server cannot send, and does not learn that it cannot.
      scene.world.simulator.faults.set('token', { kind: 'slow', ms: forever }, 1);
      const activity = scene.message(`new ticket ${title}`);
      expect((await scene.send(activity)).status).toBe(200);
      await until('the request for a token', () => scene.world.simulator.counts.token === 1);
      expect(await scene.traces()).toMatchObject({ ...done, receipts: ['handled'], dueReplies: 1 });
      await scene.server.kill();
      expect(scene.visible()).toEqual([]);

      await replyAfterRestart(scene, 1);
      expect(scene.visible().map(textOf).join()).toContain(title);
      expect(await scene.traces()).toMatchObject(done);
      await redeliver(scene, expect, activity);
    }));

  it('killed between the reply and its record is replied to again, and nothing else happens twice', ({
    expect,
  }) =>
    withScene(async (scene) => {
      scene.world.simulator.faults.set('send', { kind: 'slow', ms: forever }, 1);
      const activity = scene.message(`new ticket ${title}`);
      expect((await scene.send(activity)).status).toBe(200);
      await until('the post', () => scene.visible().length === 1);
      expect(await scene.traces()).toMatchObject({ ...done, receipts: ['handled'], dueReplies: 1 });
      await scene.server.kill();

      await replyAfterRestart(scene, 2);
      expect(new Set(scene.visible().map(textOf)).size).toBe(1);
      expect(await scene.traces()).toMatchObject(done);
      await redeliver(scene, expect, activity);
    }));
});

describe.concurrent('a press', () => {
  it('killed between the commit and its answer is confirmed by a late message, and a repeat gets the answer', ({
    expect,
  }) =>
    withScene(async (scene) => {
      const [ticket] = scene.tenant.tickets;
      await scene.send(scene.message(`ticket ${ticket?.number}`));
      await until('the card', () => scene.visible().length === 1);
      await until('its record', async () => (await scene.traces()).dueReplies === 0);
      const [shown] = scene.visible();
      const card = shown === undefined ? null : cardOf(shown.activity);
      if (shown === undefined || card === null) throw new Error('no card was shown');
      const press = () => pressActivity(scene.scene, card, findButton(card, 'Assign to me'), {}, shown.id);

      const held = scene.proxy.holdCommitAfter(ticket?.ticketId ?? '');
      const lost = scene.send(press());
      await held;
      await until('the commit', async () => (await scene.traces()).receipts.at(-1) === 'handled');
      await scene.server.kill();
      expect(await lost).toMatchObject({ status: 0 });

      await replyAfterRestart(scene, 2);
      const confirmation = scene.visible().map(textOf)[1];
      expect(confirmation).toContain(`#${ticket?.number} is yours now`);
      const once = { assignments: 1, audit: ['success'], receipts: ['replied', 'replied'], dueReplies: 0 };
      expect(await scene.traces()).toMatchObject(once);

      // Teams repeats an invoke under a new id, with the same nonce.
      const repeated = await scene.send(press());
      expect(repeated.status).toBe(200);
      expect(isObject(repeated.body) && readable(repeated.body.value).join()).toContain('is yours now');
      await sleep(quietMs);
      expect(await scene.traces()).toMatchObject({ ...once, receipts: ['replied', 'replied', 'replied'] });
      expect(scene.visible()).toHaveLength(2);
      expect(await scene.chainHolds()).toBe(true);
    }));
});
