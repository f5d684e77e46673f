/** Ends the references of a conversation that the bot was removed from, or that the platform says is gone. */
import type { Transaction } from '../infra/database.ts';
import { retireReferences } from './reference-store.ts';

/** @param reason a short code: `uninstalled`, or the platform's refusal */
export async function retireConversation(
  tx: Transaction,
  registrationId: string,
  platformConversationId: string,
  reason: string,
): Promise<void> {
  await retireReferences(tx, registrationId, platformConversationId, reason);
}
