/** Runs the command line inside the test, on streams of its own. */
import { PassThrough } from 'node:stream';
import { runCli } from '../../../src/cli/program.ts';

export interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

/** One command; `env` is its whole environment. */
export async function run(args: string[], env: Record<string, string> = {}, input = ''): Promise<Ran> {
  const stdin = new PassThrough();
  stdin.end(input);
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const code = await runCli(args, { env, stdin, stdout, stderr });
  return { code, stdout: read(stdout), stderr: read(stderr) };
}

function read(stream: PassThrough): string {
  return String(stream.read() ?? '');
}
