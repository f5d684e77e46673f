/** Refuses to start with a key that does not fit the database, before anything is sealed under the wrong one. */
import pg from 'pg';
import type { SecretBox } from './secret-box.ts';

/** The keys given cannot open what the database holds. */
export class SecretKeyError extends Error {}

/**
 * Compares the keys with the proofs in the database, and enters a new current key beside a known older one.
 * @throws SecretKeyError when the database was sealed under other keys
 */
export async function checkSecretKeys(ownerUrl: string, secrets: SecretBox, now: Date): Promise<void> {
  const client = new pg.Client({ connectionString: ownerUrl, application_name: 'deskbridge migrate' });
  client.on('error', () => undefined); // the next query reports it
  await client.connect();
  try {
    const { rows } = await client.query<{ key_id: string; proof: string }>(
      'select key_id, proof from secret_box_keys',
    );
    const ours = new Map(secrets.proofs().map(({ keyId, proof }) => [keyId, proof]));
    const known = rows.filter((row) => ours.get(row.key_id) === row.proof);
    if (rows.length > 0 && known.length === 0) {
      throw new SecretKeyError(
        'DESKBRIDGE_SECRET_KEY does not fit this database: what is stored was sealed under another key. ' +
          'Start with the key that was used before; to change it, put the new key in front of it ("new,old").',
      );
    }
    await client.query(
      'insert into secret_box_keys (key_id, proof, created_at) values ($1, $2, $3) on conflict (key_id) do nothing',
      [secrets.currentKeyId, ours.get(secrets.currentKeyId), now],
    );
  } finally {
    await client.end();
  }
}
