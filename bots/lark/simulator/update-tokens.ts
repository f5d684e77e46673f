/** The tokens that card callbacks carry, good for updates of that card after the callback was answered. */
import { randomBytes } from 'node:crypto';
import type { Clock } from '../../../src/kernel/ports.ts';

/** As in Feishu's documentation; Lark's allows three. https://open.feishu.cn/document/ukTMukTMukTM/uMDO1YjLzgTN24yM4UjN */
const maxUses = 2;
const lifeMs = 30 * 60_000;

interface UpdateToken {
  appId: string;
  messageId: string;
  until: number;
  uses: number;
  answered: boolean;
}

export class UpdateTokens {
  readonly #clock: Clock;
  readonly #tokens = new Map<string, UpdateToken>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  issue(appId: string, messageId: string): string {
    const token = `c-${randomBytes(20).toString('hex')}`;
    const until = this.#clock.now().getTime() + lifeMs;
    this.#tokens.set(token, { appId, messageId, until, uses: 0, answered: false });
    return token;
  }

  /** The callback was answered; before that the token is good for nothing. */
  answered(token: string): void {
    const known = this.#tokens.get(token);
    if (known !== undefined) known.answered = true;
  }

  clear(): void {
    this.#tokens.clear();
  }

  /** The id of the message that the token updates, once per call; null when it updates none, or none any more. */
  use(token: string, appId: string): string | null {
    const known = this.#tokens.get(token);
    if (known === undefined || known.appId !== appId || !known.answered) return null;
    if (known.uses >= maxUses || known.until <= this.#clock.now().getTime()) return null;
    known.uses += 1;
    return known.messageId;
  }
}
