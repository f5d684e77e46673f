/** Progress on a terminal is one line that is drawn over; elsewhere a line for each change. */
import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { progressView } from '../../../src/cli/progress.ts';

const states = [
  { waiting: 100, counts: {} },
  { waiting: 0, counts: { queued: 50, sent: 50 } },
  { waiting: 0, counts: { queued: 50, sent: 50 } },
  { waiting: 0, counts: { sent: 97, failed: 3 } },
];

function shown(isTTY: boolean): string {
  const stdout = Object.assign(new PassThrough(), { isTTY });
  const view = progressView({ stdout });
  for (const state of states) view.show(state);
  view.end();
  return String(stdout.read());
}

it('fills a bar in place on a terminal', () => {
  const frames = shown(true).split('\r').slice(1);
  expect(frames).toEqual([
    `[${'-'.repeat(30)}] 0 of 100\u001b[K`,
    `[${'#'.repeat(15)}${'-'.repeat(15)}] 50 of 100: sent 50\u001b[K`,
    `[${'#'.repeat(30)}] 100 of 100: sent 97, failed 3\u001b[K\n`,
  ]);
});

it('writes plain lines elsewhere', () => {
  expect(shown(false)).toBe('0 of 100\n50 of 100: sent 50\n100 of 100: sent 97, failed 3\n');
});
