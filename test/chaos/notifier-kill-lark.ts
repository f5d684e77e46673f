/** Two hundred notifications to people on Lark while the server is killed three times, with the figures of each return. */
import { setTimeout as sleep } from 'node:timers/promises';
import { table } from './notifier-kill-report.ts';
import { NotifierScene } from './notifier-kill-scene.ts';
import { backWithinMs } from './notifier-kill-trials.ts';
import { Random } from './random.ts';
import type { Violation } from './violation.ts';

export interface LarkOptions {
  ownerUrl: string;
  folder: string;
  seed: number;
}

export interface LarkResult {
  visible: number;
  sent: number;
  /** From each restart to the next message that people saw, milliseconds. */
  backMs: number[];
  /** Messages that people saw when each kill came. */
  killedAt: number[];
  seconds: number;
  violations: Violation[];
}

const people = 40;
const notifications = 5;
const kills = 3;
const limitMs = 60_000;

export async function runLark(options: LarkOptions): Promise<LarkResult> {
  const scene = await NotifierScene.open({
    ...options,
    platform: 'lark',
    worker: 0,
    tenants: 1,
    peoplePerTenant: people,
    unfinished: 0,
    refusedShare: 0,
    wireMs: { min: 200, max: 800 },
  });
  try {
    return await killThrice(scene, new Random(options.seed, 'lark kills'));
  } finally {
    await scene.close();
  }
}

async function killThrice(scene: NotifierScene, random: Random): Promise<LarkResult> {
  const [server] = scene.servers;
  const [tenant] = scene.world.tenants;
  if (tenant === undefined) throw new Error('the world is empty');
  const backMs: number[] = [];
  const killedAt: number[] = [];
  scene.accept([server]);
  await server.start();
  const began = performance.now();
  scene.load.start();
  for (let count = 0; count < notifications; count += 1) await scene.load.send(tenant, people);
  for (let kill = 0; kill < kills; kill += 1) {
    // Somewhere in each quarter, but before all are sent.
    await reached(scene, kill * 45 + random.between(5, 40));
    await server.kill();
    killedAt.push(scene.posts);
    await scene.count();
    const sent = scene.nextSend(limitMs);
    await server.start();
    const ms = await sent;
    if (ms !== null) backMs.push(ms);
    if (ms !== null && ms > backWithinMs) scene.fail('late restart', `after ${ms} ms`);
  }
  await scene.drain();
  const seconds = (performance.now() - began) / 1_000;
  const { counts, violations } = await scene.check();
  const sent = (counts.byStatus.sent ?? 0) + (counts.byStatus.delivered ?? 0);
  return { visible: counts.visible, sent, backMs, killedAt, seconds, violations };
}

async function reached(scene: NotifierScene, posts: number): Promise<void> {
  const deadline = Date.now() + limitMs;
  while (scene.posts < posts && Date.now() < deadline) await sleep(2);
}

export function larkText({ visible, sent, backMs, killedAt, seconds, violations }: LarkResult): string {
  return table([
    ['notifications to Lark', people * notifications],
    ['server killed when so many were visible', killedAt.join(', ')],
    ['restart to the next visible message', backMs.map((ms) => `${(ms / 1_000).toFixed(1)} s`).join(', ')],
    ['visible', visible],
    ['sent', sent],
    ['duration', `${seconds.toFixed(1)} s`],
    ['violations', violations.length],
  ]);
}
