/** A button or form mutates once: its nonce is used up by success, and a repeat gets the stored reply. */
import { RepeatedInteraction } from '../actions/run-action.ts';
import { DeskbridgeError } from '../kernel/errors.ts';
import type { Reply } from '../kernel/message.ts';
import type { Interpretation } from './interpret.ts';
import { consumeNonce, readNonce, storeNonceReply } from './nonce-store.ts';
import { interactionHash, nonceDays } from './nonces.ts';
import type { Scene } from './scene.ts';

type Run = Extract<Interpretation, { kind: 'run' }>;

/** The guard for `runAction`; null where nothing needs one: typed commands and queries. */
export function guardInteraction(scene: Scene, reading: Run): (() => Promise<void>) | null {
  if (reading.guard === null || reading.definition.kind === 'query') return null;
  const { nonce } = reading.guard;
  const { tx, now, chat, tenant } = scene.context;
  return async () => {
    if (nonce === null || !scene.nonces.isValid(tenant.tenantId, nonce, now))
      throw new DeskbridgeError('stale_card');
    const person = `${scene.registrationId}:${chat?.platformUserId ?? ''}`;
    const inputHash = interactionHash(reading.definition.id, reading.input);
    const eraseAfter = new Date(now.getTime() + nonceDays * 86_400_000);
    if (await consumeNonce(tx, { nonce, person, inputHash, now, eraseAfter })) return;
    const used = await readNonce(tx, nonce);
    if (used?.person === person && used.inputHash === inputHash && used.reply !== null) {
      throw new RepeatedInteraction(used.reply);
    }
    throw new DeskbridgeError('stale_card');
  };
}

/** Keeps the reply of a success, for the second press. */
export function keepInteractionReply(scene: Scene, reading: Run, reply: Reply): void {
  if (reading.guard === null || reading.guard.nonce === null || reading.definition.kind === 'query') return;
  // What is repeated is the answer; the card in the conversation is updated by the first press alone.
  const { updateMessageId: _, message, answer } = reply;
  const kept = answer !== undefined ? { answer } : message !== undefined ? { message } : {};
  storeNonceReply(scene.context.tx, reading.guard.nonce, kept);
}
