/** Waits for what a gesture brings before a person besides the answer itself: a modal, a page, an ephemeral message. */
import type { Platform } from './method.ts';
import type { OracleMessage } from './oracle.ts';
import type { View } from './views.ts';
import type { Scene } from './world.ts';

/** What was shown first. */
export type Shown = { view: View } | { message: OracleMessage };

export interface WatchOptions {
  /** Modals that this trigger opens count. */
  triggerId: string | null;
  /** The person's App Home page counts. */
  home?: boolean;
  /** So do messages in the direct conversation: where a gesture has no response URL, refusals go there. */
  direct?: boolean;
}

/** Begins before the gesture is sent, so that nothing is missed. */
export class Watch {
  readonly #ends: (() => void)[];
  #shown: Shown | null = null;
  #waiting: ((shown: Shown) => void) | null = null;

  constructor(platform: Platform, scene: Scene, options: WatchOptions) {
    const { installation, person } = scene;
    const userId = person.platformUserId;
    const direct = platform.world.personalChat(installation, person).id;
    this.#ends = [
      platform.views.subscribe((view) => {
        const mine = view.installation === installation.key && view.userId === userId && view.open;
        const asked = view.type === 'home' ? options.home === true : view.triggerId === options.triggerId;
        if (mine && asked) this.#show({ view });
      }),
      platform.oracle.subscribe((message, event) => {
        const own = message.installation === installation.key && event.kind !== 'delete';
        const alone = message.onlyFor === userId || (options.direct && message.conversationId === direct);
        if (own && alone) this.#show({ message });
      }),
    ];
  }

  /** The first that was or will be shown; null after the time. */
  first(timeoutMs: number): Promise<Shown | null> {
    if (this.#shown !== null) return Promise.resolve(this.#shown);
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#waiting = null;
        resolve(null);
      }, timeoutMs);
      this.#waiting = (shown) => {
        clearTimeout(timer);
        resolve(shown);
      };
    });
  }

  end(): void {
    for (const end of this.#ends) end();
  }

  #show(shown: Shown): void {
    this.#shown ??= shown;
    this.#waiting?.(this.#shown);
    this.#waiting = null;
  }
}
