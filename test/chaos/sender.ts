/** Delivers what people do as the platform does: messages until they are taken, requests once, or again by a new press. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Gesture } from '../../src/kernel/simulated-chat.ts';
import type { DeliveryRules } from '../support/kill-platforms.ts';
import { type Command, isAcknowledged, type Ledger } from './ledger.ts';
import type { Random } from './random.ts';

/** Platforms wait longer; here what matters is that the next start meets everybody who is waiting. */
const firstPauseMs = 50;
const longestPauseMs = 300;
/** A message that is not taken for so long is given up, and the trial says so. */
const giveUpAfterMs = 120_000;
const maxRequestRepeats = 2;
/** Who got no answer does something else only after a while. */
const discouragedMs = { min: 300, max: 1_500 };

export class Sender {
  readonly #rules: DeliveryRules;
  readonly #ledger: Ledger;
  readonly #random: Random;
  /** Repeats that go on beside what their person does next. */
  readonly #background = new Set<Promise<unknown>>();

  constructor(rules: DeliveryRules, ledger: Ledger, random: Random) {
    this.#rules = rules;
    this.#ledger = ledger;
    this.#random = random;
  }

  /** Sends a message until it is acknowledged, now and then twice at once; sometimes once more afterwards. */
  async message(command: Command, send: () => Promise<Gesture>): Promise<void> {
    const first = await this.#ledger.track(command, send());
    const last = await this.#untilTaken(command, first);
    if (!this.#random.chance(0.05)) return;
    // The platform did not see the acknowledgement, and repeats what has been done for a while.
    this.#later(async () => this.#untilTaken(command, await this.#again(command, last, 'same')));
  }

  /** Sends a request that can be made once only: nothing in it would tell a second one from the first. */
  async once(command: Command, send: () => Promise<Gesture>): Promise<void> {
    await this.#givenUp(await this.#ledger.track(command, send()));
  }

  /**
   * Sends a press or a form, which has a nonce. Without an answer the platform repeats it under a new id, or the person
   * presses again, or gives up.
   */
  async request(command: Command, send: () => Promise<Gesture>): Promise<void> {
    const isPress = command.kind === 'press_assign';
    const clicks = isPress && this.#random.chance(0.05) ? 2 : 1;
    const tries = Array.from({ length: clicks }, () => this.#ledger.track(command, send()));
    let last = (await Promise.all(tries))[0];
    const repeats = this.#random.between(0, maxRequestRepeats);
    for (let repeat = 0; repeat < repeats && last !== undefined && mayRepeat(last); repeat += 1) {
      await sleep(this.#random.between(100, 1_500));
      last = await this.#again(command, last, 'later');
    }
    if (last === undefined) return;
    await this.#givenUp(last);
    if (!isAcknowledged(command) || !this.#random.chance(0.05)) return;
    // A form that was taken has closed; only a platform's own repeat can bring it again.
    if (!isPress && !this.#rules.repeatsRequests) return;
    const answered = last;
    this.#later(() => {
      this.#ledger.repeatedPresses += 1;
      return this.#again(command, answered, 'later');
    });
  }

  /** Waits for the repeats that are under way. */
  async settled(): Promise<void> {
    while (this.#background.size > 0) await Promise.all(this.#background);
  }

  async #untilTaken(command: Command, first: Gesture): Promise<Gesture> {
    const deadline = Date.now() + giveUpAfterMs;
    let last = first;
    for (let pause = firstPauseMs; mayRepeat(last) && Date.now() < deadline; ) {
      await sleep(pause);
      pause = Math.min(pause * 2, longestPauseMs);
      const copies = this.#random.chance(0.1) ? 2 : 1;
      const before = last;
      const tries = Array.from({ length: copies }, () => this.#again(command, before, 'same'));
      for (const gesture of await Promise.all(tries)) if (mayRepeat(last)) last = gesture;
    }
    return last;
  }

  async #givenUp(last: Gesture): Promise<void> {
    if (mayRepeat(last)) await sleep(this.#random.between(discouragedMs.min, discouragedMs.max));
  }

  #again(command: Command, gesture: Gesture, kind: 'same' | 'later'): Promise<Gesture> {
    return this.#ledger.track(command, gesture.repeat(kind));
  }

  #later(work: () => Promise<unknown>): void {
    const running = sleep(this.#random.between(0, 3_000))
      .then(work)
      .finally(() => this.#background.delete(running));
    this.#background.add(running);
  }
}

/** Not taken, and not refused either. */
function mayRepeat({ status }: Gesture): boolean {
  return status === 0 || status >= 500;
}
