/** Delivers activities as Teams does: the same message until it is taken, an invoke at most twice more under new ids. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BotAnswer, TeamsSimulator } from '../../bots/teams/simulator/index.ts';
import type { JsonObject } from '../../src/kernel/canonical-json.ts';
import type { Command, Delivery, Ledger } from './ledger.ts';
import type { Random } from './random.ts';

/** Teams waits longer; here what matters is that the next start meets everybody who is waiting. */
const firstPauseMs = 50;
const longestPauseMs = 300;
/** A message that is not taken for so long is given up, and the trial says so. */
const giveUpAfterMs = 120_000;
const maxInvokeRetries = 2;

export class Sender {
  readonly #simulator: TeamsSimulator;
  readonly #ledger: Ledger;
  readonly #random: Random;
  /** Repeats that go on beside what their person does next. */
  readonly #background = new Set<Promise<unknown>>();

  constructor(simulator: TeamsSimulator, ledger: Ledger, random: Random) {
    this.#simulator = simulator;
    this.#ledger = ledger;
    this.#random = random;
  }

  /** Sends a message until it is acknowledged; sometimes twice at once, sometimes once more afterwards. */
  async message(command: Command, activity: JsonObject): Promise<void> {
    const delivery = this.#ledger.addDelivery(command, activity);
    const twins = this.#random.chance(0.03) ? 2 : 1;
    await Promise.all(Array.from({ length: twins }, () => this.#untilTaken(command, delivery, activity)));
    if (!this.#random.chance(0.05)) return;
    // The platform did not see the acknowledgement, and repeats what has been done for a while.
    this.#later(() => this.#untilTaken(command, delivery, activity));
  }

  /** Sends an invoke; on no answer at most twice more, each with a new id. Null when nobody answered. */
  async invoke(command: Command, activity: JsonObject): Promise<BotAnswer | null> {
    const retries = this.#random.between(0, maxInvokeRetries);
    for (let attempt = 0; attempt <= retries; attempt += 1) {
      if (attempt > 0) await sleep(this.#random.between(100, 1_500));
      const answer = await this.#invokeOnce(command, activity);
      if (answer.status === 200) {
        if (this.#random.chance(0.05)) this.#later(() => this.#pressAgain(command, activity));
        return answer;
      }
      if (answer.status !== 0 && answer.status < 500) break;
    }
    return null;
  }

  /** Waits for the repeats that are under way. */
  async settled(): Promise<void> {
    while (this.#background.size > 0) await Promise.all(this.#background);
  }

  /** A person who presses the same button again: the same nonce, another id. */
  async #pressAgain(command: Command, activity: JsonObject): Promise<void> {
    this.#ledger.repeatedPresses += 1;
    await this.#invokeOnce(command, activity);
  }

  async #invokeOnce(command: Command, activity: JsonObject): Promise<BotAnswer> {
    const copy = { ...activity, id: `f:${randomUUID()}` };
    return await this.#send(command, this.#ledger.addDelivery(command, copy), copy);
  }

  async #untilTaken(command: Command, delivery: Delivery, activity: JsonObject): Promise<void> {
    const deadline = Date.now() + giveUpAfterMs;
    let pause = firstPauseMs;
    while (Date.now() < deadline) {
      const { status } = await this.#send(command, delivery, activity);
      if (status !== 0 && status < 500) return;
      await sleep(pause);
      pause = Math.min(pause * 2, longestPauseMs);
    }
  }

  async #send(command: Command, delivery: Delivery, activity: JsonObject): Promise<BotAnswer> {
    delivery.inFlight += 1;
    const answer = await this.#simulator.sendActivity(activity);
    delivery.inFlight -= 1;
    delivery.statuses.push(answer.status);
    if (answer.status === 200) this.#ledger.acknowledgements += 1;
    const expected = answer.status === 0 || answer.status === 200 || answer.status >= 500;
    if (!expected) this.#ledger.refusals.push({ command, status: answer.status });
    return answer;
  }

  #later(work: () => Promise<unknown>): void {
    const running = sleep(this.#random.between(0, 3_000))
      .then(work)
      .finally(() => this.#background.delete(running));
    this.#background.add(running);
  }
}
