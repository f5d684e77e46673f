/** Outlives a test run: when the pipe from the run closes, ends what runs in the run's folder and removes it. */
import { removeFolder } from './cluster.ts';

const folder = process.argv[2];
if (folder === undefined) throw new Error('usage: cluster-guard <folder>');

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
process.stdin.resume();
process.stdin.once('error', () => undefined);
process.stdin.once('close', async () => {
  await removeFolder(folder);
  process.exit(0);
});
