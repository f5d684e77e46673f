/** What a person changes about notifications in chat: one category, on or off. */
import type { Transaction } from '../infra/database.ts';
import { lockPreferences, type Preferences, readPreferences, writePreferences } from './preference-store.ts';
import type { Category } from './records.ts';

export type { Preferences } from './preference-store.ts';

/** How a person wants to be told; empty for somebody who never said anything. */
export async function preferencesOf(tx: Transaction, userId: string): Promise<Preferences> {
  return await readPreferences(tx, userId);
}

/** Mutes a category for a user who exists, or ends that; all else stays. @returns the preferences as they are now */
export async function muteCategory(
  tx: Transaction,
  userId: string,
  change: { category: Category; muted: boolean },
  now: Date,
): Promise<Preferences> {
  const { category, muted } = change;
  const { quietHours, categories } = await lockPreferences(tx, userId, now);
  const { muted: _, ...kept } = categories[category] ?? {};
  const changed = {
    quietHours,
    categories: { ...categories, [category]: muted ? { ...kept, muted } : kept },
  };
  await writePreferences(tx, userId, changed, now);
  return changed;
}
