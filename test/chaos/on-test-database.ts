/** A database and a folder of one trial, both gone after it. */
import { join } from 'node:path';
import { inject } from 'vitest';
import { createTestDatabase } from '../support/databases.ts';

export async function onTestDatabase<T>(
  work: (at: { ownerUrl: string; folder: string }) => Promise<T>,
): Promise<T> {
  const database = await createTestDatabase();
  try {
    const folder = join(inject('cluster').folder, database.name);
    return await work({ ownerUrl: database.ownerUrl, folder });
  } finally {
    await database.drop();
  }
}
