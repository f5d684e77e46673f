/** Sets the language in which a person is answered. */
import type { Transaction } from '../infra/database.ts';
import { updateUserLocale } from './user-store.ts';

/** @param language code of one of our languages */
export async function setLanguage(
  tx: Transaction,
  userId: string,
  language: string,
  now: Date,
): Promise<void> {
  await updateUserLocale(tx, userId, language, now);
}
