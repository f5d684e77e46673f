/** A conversation is greeted once, however often the platform reports the installation. */
import type { Transaction } from '../infra/database.ts';
import { markGreeted } from './reference-store.ts';

/** @returns whether the greeting is due; from then on it counts as given */
export async function greetOnce(tx: Transaction, conversationId: string, now: Date): Promise<boolean> {
  return await markGreeted(tx, conversationId, now);
}
