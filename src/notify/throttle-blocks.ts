/** What a platform told to wait (Retry-After): the conversation first, the whole lane when several are told (pure). */

export type BlockScope = 'conversation' | 'lane';

const widenWithinMs = 10_000;
const widenAt = 3;

/**
 * A 429 does not say which limit it speaks of. One conversation alone may share its limit with other bots, and must
 * not stop the rest; the third different conversation within ten seconds means that the lane itself is throttled.
 */
export class ThrottleBlocks {
  #laneUntil = Number.NEGATIVE_INFINITY;
  readonly #conversations = new Map<string, number>();
  /** Latest throttle of each conversation, oldest first. */
  readonly #recent = new Map<string, number>();

  get laneUntil(): number {
    return this.#laneUntil;
  }

  conversationUntil(conversation: string): number {
    return this.#conversations.get(conversation) ?? Number.NEGATIVE_INFINITY;
  }

  /**
   * Nothing is sent in the scope before `until`; a longer block stands.
   * @param conversation not looked at for a lane
   * @returns the scope that is blocked now, which is the lane on repeats
   */
  block(now: number, scope: BlockScope, conversation: string, until: number): BlockScope {
    this.#forget(now);
    if (scope === 'conversation') {
      this.#conversations.set(conversation, Math.max(until, this.conversationUntil(conversation)));
      this.#recent.delete(conversation);
      this.#recent.set(conversation, now);
      if (this.#recent.size < widenAt) return 'conversation';
      this.#recent.clear();
    }
    this.#laneUntil = Math.max(this.#laneUntil, until);
    return 'lane';
  }

  #forget(now: number): void {
    for (const [conversation, at] of this.#recent) {
      if (at + widenWithinMs > now) break;
      this.#recent.delete(conversation);
    }
    for (const [conversation, until] of this.#conversations) {
      if (until <= now) this.#conversations.delete(conversation);
    }
  }
}
