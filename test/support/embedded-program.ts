/** A program of its own around the embedded database: says on stdout how the start went, then waits for a signal or the end of its input. */
import { type EmbeddedPostgresOptions, startEmbeddedPostgres } from '../../src/infra/embedded-postgres.ts';

const options = JSON.parse(process.argv[2] ?? '{}') as Omit<EmbeddedPostgresOptions, 'log'>;
const quiet = () => undefined;
const log = { debug: quiet, info: quiet, warn: quiet, error: quiet };

try {
  const database = await startEmbeddedPostgres({ ...options, log });
  // No exit here: that the program ends at all shows that nothing of the database holds it.
  const end = () => void database.stop().then(() => process.stdin.destroy());
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, end);
  // The run of the tests was killed.
  process.stdin.once('end', end).resume();
  const { url, dataDirectory, location, reused } = database;
  process.stdout.write(`${JSON.stringify({ url, dataDirectory, location, reused })}\n`);
} catch (error) {
  process.stdout.write(`${JSON.stringify({ refused: (error as Error).message })}\n`);
  process.exitCode = 1;
}
