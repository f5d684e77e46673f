/** The command line's entry: runs one command on the process's own streams and ends with its exit code. */
import { runCli } from './program.ts';

const { env, stdin, stdout, stderr } = process;
// A reader that has seen enough (`| head`) is no failure.
stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});
process.exitCode = await runCli(process.argv.slice(2), { env, stdin, stdout, stderr });
