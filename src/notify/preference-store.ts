/** SQL of how people want to be told: channels by category, quiet hours, what they muted. */
import type { Transaction } from '../infra/database.ts';
import type { QuietHours } from './quiet-hours.ts';
import type { Category, DestinationType } from './records.ts';

/** Of one category. Channels: the first is preferred, the rest are tried when it fails. */
export interface CategoryPreference {
  channels?: DestinationType[];
  /** The first two at once. */
  both?: boolean;
  muted?: boolean;
}

export interface Preferences {
  quietHours: QuietHours | null;
  categories: Partial<Record<Category, CategoryPreference>>;
}

/** A row of the table. */
export interface PreferenceRow {
  quiet_from: string | null;
  quiet_to: string | null;
  categories: Preferences['categories'];
}

export function toPreferences({ quiet_from, quiet_to, categories }: PreferenceRow): Preferences {
  const quietHours = quiet_from === null || quiet_to === null ? null : { from: quiet_from, to: quiet_to };
  return { quietHours, categories };
}

/** Somebody who never said anything has none. */
export async function readPreferences(tx: Transaction, userId: string): Promise<Preferences> {
  return await read(tx, userId, '');
}

/** The same, locked until the transaction ends: for changes of some that keep the others. Nobody's are empty first. */
export async function lockPreferences(tx: Transaction, userId: string, now: Date): Promise<Preferences> {
  tx.enqueue(
    `insert into notification_preferences (tenant_id, user_id, categories, updated_at) values ($1, $2, '{}', $3)
     on conflict (tenant_id, user_id) do nothing`,
    [tx.tenantId, userId, now],
  );
  return await read(tx, userId, ' for update');
}

async function read(tx: Transaction, userId: string, lock: string): Promise<Preferences> {
  const [row] = await tx.query<PreferenceRow>(
    `select quiet_from, quiet_to, categories from notification_preferences
      where tenant_id = $1 and user_id = $2${lock}`,
    [tx.tenantId, userId],
  );
  return row === undefined ? { quietHours: null, categories: {} } : toPreferences(row);
}

/** Replaces all of a user's preferences; the user exists. */
export async function writePreferences(
  tx: Transaction,
  userId: string,
  preferences: Preferences,
  now: Date,
): Promise<void> {
  const { quietHours, categories } = preferences;
  await tx.execute(
    `insert into notification_preferences (tenant_id, user_id, quiet_from, quiet_to, categories, updated_at)
     values ($1, $2, $3, $4, $5, $6)
     on conflict (tenant_id, user_id) do update
       set quiet_from = excluded.quiet_from, quiet_to = excluded.quiet_to, categories = excluded.categories,
           updated_at = excluded.updated_at`,
    [tx.tenantId, userId, quietHours?.from ?? null, quietHours?.to ?? null, JSON.stringify(categories), now],
  );
}
