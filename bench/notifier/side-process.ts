/** A process under measurement that takes one request at a time: the parent's end and the child's. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

type Answer = { result: unknown } | { error: string };

/** The parent's end. */
export class SideProcess {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  /**
   * Starts a program beside this file and lets it prepare itself.
   * @param options.profileInto folder for its CPU profile, written when it ends
   * @param options.flags of Node
   * @throws Error with the child's own
   */
  static async start(
    file: string,
    preparation: unknown,
    options: { profileInto?: string | null; flags?: readonly string[] } = {},
  ): Promise<SideProcess> {
    const execArgv = [...(options.flags ?? []), ...profileFlags(options.profileInto ?? null)];
    const child = fork(join(import.meta.dirname, file), [], { execArgv });
    const side = new SideProcess(child);
    await side.ask(preparation);
    return side;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** @throws Error with the child's own, or when it ends instead of answering */
  async ask<Result>(request: unknown): Promise<Result> {
    const settled = new AbortController();
    const { signal } = settled;
    const ended = once(this.#child, 'exit', { signal }).then(([code]) => {
      throw new Error(`a side ended with ${code} instead of answering`);
    });
    ended.catch(() => undefined);
    try {
      const answered = once(this.#child, 'message', { signal });
      this.#child.send(request as object);
      const [answer] = (await Promise.race([answered, ended])) as [Answer];
      if ('error' in answer) throw new Error(answer.error);
      return answer.result as Result;
    } finally {
      settled.abort();
    }
  }

  /** Lets it close what it has open, and waits for its end. */
  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.disconnect();
    await ended;
  }
}

function profileFlags(folder: string | null): string[] {
  if (folder === null) return [];
  mkdirSync(resolve(folder), { recursive: true });
  return ['--cpu-prof', `--cpu-prof-dir=${resolve(folder)}`];
}

/** What a child does. */
export interface Side<Request> {
  answer(request: Request): Promise<unknown>;
  close(): Promise<void>;
}

/** The child's end: the first message prepares it, each further one is a request; it ends with its parent. */
export function serve<Preparation, Request>(
  prepare: (preparation: Preparation) => Promise<Side<Request>>,
): void {
  let side: Side<Request> | null = null;
  const work = async (message: unknown): Promise<unknown> => {
    if (side !== null) return await side.answer(message as Request);
    side = await prepare(message as Preparation);
    return null;
  };
  process.on('message', (message) => {
    work(message).then(
      (result) => process.send?.({ result: result ?? null } satisfies Answer),
      (error: unknown) => process.send?.({ error: describe(error) } satisfies Answer),
    );
  });
  process.once('disconnect', () => {
    void (side?.close() ?? Promise.resolve()).finally(() => process.exit());
  });
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? '' : `\ncaused by ${describe(error.cause)}`;
  return `${error.stack ?? error.message}${cause}`;
}
