/** Preloaded into servers under test: a system clock that is wrong, and an event loop that stands still on a signal. */

const skewMs = Number(process.env.TEST_CLOCK_SKEW_MS ?? 0);
const stallMs = Number(process.env.TEST_STALL_MS ?? 0);

if (skewMs !== 0) {
  const now = () => System.now() + skewMs;
  const System = Date;
  globalThis.Date = new Proxy(System, {
    construct: (target, args: unknown[], as) =>
      Reflect.construct(target, args.length === 0 ? [now()] : args, as),
    apply: () => new System(now()).toString(),
    get: (target, name, receiver) => (name === 'now' ? now : Reflect.get(target, name, receiver)),
  });
}

if (stallMs > 0) {
  const nothing = new Int32Array(new SharedArrayBuffer(4));
  process.on('SIGUSR2', () => Atomics.wait(nothing, 0, 0, stallMs));
}
