/** SQL of leases: which process does a piece of scheduled work, and until when. */
import { type Sql, statement } from '../infra/database.ts';

const takeSql = statement(
  'lease_take',
  `insert into leases (name, owner, lease_until) values ($1, $2, $4)
   on conflict (name) do update set owner = excluded.owner, lease_until = excluded.lease_until
    where leases.owner = excluded.owner or leases.lease_until <= $3`,
);

/** Takes the lease, or renews one's own. @returns false while somebody else holds it */
export async function takeLease(
  directory: Sql,
  lease: { name: string; owner: string; until: Date },
  now: Date,
): Promise<boolean> {
  return (await directory.execute(takeSql, [lease.name, lease.owner, now, lease.until])) === 1;
}

/** Gives the lease back; that of another owner stays. */
export async function releaseLease(directory: Sql, name: string, owner: string): Promise<void> {
  await directory.execute('delete from leases where name = $1 and owner = $2', [name, owner]);
}
