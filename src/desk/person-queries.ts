/** Reads of people as the desk needs them: who can be assigned, who approves. */
import { statement, type Transaction } from '../infra/database.ts';
import { prefixPattern } from '../infra/keyset.ts';
import { isUuid } from '../kernel/ids.ts';
import type { PersonRecord } from './records.ts';

const activePerson = `select user_id as "userId", name, email from users where tenant_id = $1 and status = 'active'`;

const byId = statement('person-by-id', `${activePerson} and user_id = $2`);
const byEmail = statement('person-by-email', `${activePerson} and lower(email) = lower($2)`);
const byName = statement(
  'person-by-name',
  `${activePerson} and lower(name) = lower($2) order by email limit $3`,
);
// Any word of the name may begin so: `bob` and `miller` both find Bob Miller.
const byNamePart = statement(
  'person-by-name-part',
  `${activePerson} and (name ilike $2 or name ilike '% ' || $2 or email ilike $2)
    order by name, email limit $3`,
);
const all = statement('person-list', `${activePerson} order by name, email limit $2`);

/** Null when no active user of the tenant has the id. */
export async function findActivePerson(tx: Transaction, userId: string): Promise<PersonRecord | null> {
  const [person] = await tx.query<PersonRecord>(byId, [tx.tenantId, userId]);
  return person ?? null;
}

/**
 * Active users whom a text may mean: by id or e-mail; else by the whole name; else by the beginning of a word of the
 * name or of the e-mail. The first rule that finds anybody decides.
 */
export async function findPeople(tx: Transaction, text: string, limit: number): Promise<PersonRecord[]> {
  const { tenantId } = tx;
  if (isUuid(text)) return tx.query<PersonRecord>(byId, [tenantId, text]);
  const [exact, named, partly] = await Promise.all([
    tx.query<PersonRecord>(byEmail, [tenantId, text]),
    tx.query<PersonRecord>(byName, [tenantId, text, limit]),
    tx.query<PersonRecord>(byNamePart, [tenantId, prefixPattern(text), limit]),
  ]);
  return [exact, named, partly].find((people) => people.length > 0) ?? [];
}

/** Active users by name. */
export function listActivePeople(tx: Transaction, limit: number): Promise<PersonRecord[]> {
  return tx.query<PersonRecord>(all, [tx.tenantId, limit]);
}
