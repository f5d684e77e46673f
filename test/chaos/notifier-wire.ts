/** The wire between simulated workers and a simulated platform: latency and faults in simulated time, real requests. */
import type { OutboundDelivery } from '../../src/kernel/notification.ts';
import type { BotRuntime, SendOutcome } from '../../src/kernel/platform.ts';
import type { Life } from './notifier-life.ts';
import type { SimulatedTime } from './notifier-time.ts';

/** What can happen to a request, whatever the platform. */
export const wireFaults = [
  /** Refused with and without the time to wait; as another operation is under way (412, or what comes nearest). */
  'throttled_for',
  'throttled',
  'conflict',
  /** 500, or 408, and nothing was done. */
  'error_before',
  'error_408',
  /** Done, and 500 all the same. */
  'error_after',
  /** The connection breaks before or after it was done. */
  'drop_before',
  'drop_after',
  /** Not answered before the caller gives up: never done, done in time, done only afterwards. */
  'stalled',
  'slow',
  'late',
] as const;
export type WireFault = (typeof wireFaults)[number];

/** A fault that the platform itself brings about; the others are made of these and of time. */
export type PlatformFault = Exclude<WireFault, 'stalled' | 'slow' | 'late'>;

export type WireCall = 'deliver' | 'open' | 'lookUp' | 'withdraw' | 'probe';

/** What happens to one request. Times in milliseconds. */
export interface Journey {
  fault: WireFault | null;
  outMs: number;
  backMs: number;
  /** Of a late one: how long after the caller gave up it is done. */
  lateMs: number;
}

/** Where faults are switched and broken limits counted. */
export interface FarSide {
  setFault(call: WireCall, fault: PlatformFault | null): void;
  /** Whether calls count, and those beyond the published limits are refused. */
  setLimits(enforced: boolean): void;
  violations(): number;
}

const platformFaults: Readonly<Record<WireFault, PlatformFault>> = {
  throttled_for: 'throttled_for',
  throttled: 'throttled',
  conflict: 'conflict',
  error_before: 'error_before',
  error_408: 'error_408',
  error_after: 'error_after',
  drop_before: 'drop_before',
  drop_after: 'drop_after',
  stalled: 'drop_before',
  slow: 'drop_after',
  late: 'drop_before',
};

/** Told of requests, for whoever checks. */
export interface WireObserver {
  sent(call: WireCall, registrationId: string): void;
  answered(delivery: OutboundDelivery, outcome: SendOutcome): void;
}

export class Wire {
  readonly #time: SimulatedTime;
  readonly #farSide: FarSide;
  readonly #journeyOf: (call: WireCall) => Journey;
  readonly #observer: WireObserver;
  #last: Promise<unknown> = Promise.resolve();
  #onTheWay = 0;
  /** Calls beyond the published limits. */
  readonly violations: Record<WireCall, number> = { deliver: 0, open: 0, lookUp: 0, withdraw: 0, probe: 0 };

  constructor(options: {
    time: SimulatedTime;
    farSide: FarSide;
    journeyOf: (call: WireCall) => Journey;
    observer: WireObserver;
  }) {
    this.#time = options.time;
    this.#farSide = options.farSide;
    this.#journeyOf = options.journeyOf;
    this.#observer = options.observer;
  }

  /** Requests that may still have an effect. */
  get onTheWay(): number {
    return this.#onTheWay;
  }

  /** The runtime as a worker has it. */
  runtimeOf(life: Life, runtime: BotRuntime): BotRuntime {
    const call = <T>(kind: WireCall, registrationId: string, work: () => Promise<T>) => {
      const journey = this.#journeyOf(kind);
      const travelling = this.#travel(life, kind, journey, work);
      this.#observer.sent(kind, registrationId);
      return life.guard(() => travelling);
    };
    const { open, probe } = runtime;
    return {
      ...runtime,
      // What passed the notifier's last check has left by the time that the worker stands still.
      deliver: async (delivery) => {
        const outcome = await life.unlessDead(() => this.#deliver(life, runtime, delivery));
        await life.awake();
        return outcome;
      },
      lookUp: (delivery, send) =>
        life.guard(() =>
          call('lookUp', delivery.registration.registrationId, () => runtime.lookUp(delivery, send)),
        ),
      withdraw: (sent) =>
        life.guard(() => call('withdraw', sent.registration.registrationId, () => runtime.withdraw(sent))),
      ...(open && {
        open: (registration, destination, timeoutMs) =>
          life.guard(() =>
            call('open', registration.registrationId, () => open(registration, destination, timeoutMs)),
          ),
      }),
      ...(probe && {
        probe: (registration, reference, timeoutMs) =>
          life.guard(() =>
            call('probe', registration.registrationId, () => probe(registration, reference, timeoutMs)),
          ),
      }),
    };
  }

  async #deliver(life: Life, runtime: BotRuntime, delivery: OutboundDelivery): Promise<SendOutcome> {
    const journey = this.#journeyOf('deliver');
    const givenUp = this.#time.now() + delivery.timeoutMs;
    const work = () => runtime.deliver(delivery);
    const travelling = this.#travel(life, 'deliver', journey, work, givenUp);
    this.#observer.sent('deliver', delivery.registration.registrationId);
    if (journey.fault === 'late') this.#arriveLate(givenUp + journey.lateMs, work);
    // It has left: whatever becomes of the worker, it arrives.
    life.survives('request_sent');
    const outcome = await travelling;
    this.#observer.answered(delivery, outcome);
    return outcome;
  }

  async #travel<T>(
    life: Life,
    call: WireCall,
    { fault, outMs, backMs }: Journey,
    work: () => Promise<T>,
    givenUp = this.#time.now(),
  ): Promise<T> {
    this.#onTheWay += 1;
    try {
      await this.#time.wait(outMs);
      const outcome = await this.#request(call, fault === null ? null : platformFaults[fault], work);
      if (call === 'deliver') life.survives('request_done');
      const isSilent = fault === 'stalled' || fault === 'slow' || fault === 'late';
      await this.#time.wait(isSilent ? givenUp - this.#time.now() : backMs);
      return outcome;
    } finally {
      this.#onTheWay -= 1;
    }
  }

  /** It was counted when it came, long before it is done. */
  #arriveLate(at: number, work: () => Promise<unknown>): void {
    this.#onTheWay += 1;
    const uncounted = async () => {
      this.#farSide.setLimits(false);
      await work().catch(() => undefined);
      this.#farSide.setLimits(true);
      this.#onTheWay -= 1;
    };
    this.#time.after(at - this.#time.now(), () => void this.#request('deliver', null, uncounted));
  }

  /** The requests of all workers in their order, one at a time, so that each meets its own fault. */
  #request<T>(call: WireCall, fault: PlatformFault | null, work: () => Promise<T>): Promise<T> {
    const made = this.#last.then(async () => {
      const before = this.#farSide.violations();
      this.#farSide.setFault(call, fault);
      try {
        return await work();
      } finally {
        this.#farSide.setFault(call, null);
        this.violations[call] += this.#farSide.violations() - before;
      }
    });
    this.#last = made.catch(() => undefined);
    return this.#time.track(made);
  }
}
