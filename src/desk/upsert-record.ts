/** Upsert by external id, safe when two clients send the same record at once. */
import { codeOf, type Transaction } from '../infra/database.ts';
import { DeskbridgeError } from '../kernel/errors.ts';
import type { Upserted } from './records.ts';

const uniqueViolation = '23505';

/**
 * Changes the record if it exists, else creates it; when somebody else created it in between, changes that one.
 * @param steps.find reads and locks the record
 * @throws DeskbridgeError conflict when another unique field (a board's name) is taken
 */
export async function upsertRecord<Record>(
  tx: Transaction,
  steps: {
    find(): Promise<Record | null>;
    create(): Promise<Record>;
    change(existing: Record): Promise<Upserted<Record>>;
  },
): Promise<Upserted<Record>> {
  const existing = await steps.find();
  if (existing !== null) return steps.change(existing);
  try {
    return { record: await tx.savepoint(steps.create), outcome: 'created' };
  } catch (error) {
    if (codeOf(error) !== uniqueViolation) throw error;
    const raced = await steps.find();
    if (raced === null) throw new DeskbridgeError('conflict', { cause: error });
    return steps.change(raced);
  }
}

/** Turns a taken unique field into `conflict`; for writes in which that can be the only reason. */
export async function conflictWhenTaken<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (codeOf(error) === uniqueViolation) throw new DeskbridgeError('conflict', { cause: error });
    throw error;
  }
}
