/** The commands about notifications against a running server; what is sent lies far ahead, so that nothing is sent. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Installation, startInstallation } from './programs.ts';

let installation: Installation;

beforeAll(async () => {
  installation = await startInstallation();
});

afterAll(async () => {
  await installation.close();
});

async function json(args: string[]): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await installation.command([...args, '-t', 'demo', '--json']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as Record<string, unknown>;
}

it('tells a group, follows its deliveries, stops one and sends it after all', async () => {
  const users = (await json(['user', 'list'])).items as { email: string }[];
  const [first, second] = users.map(({ email }) => email);
  const members = ['--member', first ?? '', '--member', second ?? ''];
  expect(await json(['group', 'create', '--name', 'On call', ...members])).toMatchObject({ member_count: 2 });
  const sent = await json([
    ...['notify', '--to', 'group:On call', '--title', 'Maintenance', '--text', 'Tonight'],
    ...['--send-at', '2090-01-01T09:00'],
  ]);
  expect(sent).toMatchObject({ recipients: 2, counts: { queued: 2 } });
  const id = String(sent.notification_id);
  const listed = await json(['deliveries', '--notification', id, '--status', 'queued']);
  const [delivery] = listed.items as { delivery_id: string }[];
  const deliveryId = delivery?.delivery_id ?? '';

  const cancelled = await json(['deliveries', 'cancel', deliveryId]);
  expect(cancelled).toMatchObject({ status: 'skipped', reason: 'cancelled' });
  const shown = await installation.command(['deliveries', 'show', deliveryId, '-t', 'demo']);
  expect(shown.stdout).toMatch(/^status +skipped cancelled$/m);
  expect(await json(['deliveries', 'retry', deliveryId])).toMatchObject({ status: 'queued' });

  const refused = await installation.command([
    ...['deliveries', 'resolve', deliveryId, '--outcome', 'sent', '-t', 'demo'],
  ]);
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain('unknown outcome');
});
