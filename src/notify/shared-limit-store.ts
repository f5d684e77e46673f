/** SQL of limits that lanes share: a row each, from which owners take calls of the present slice of time. */
import { type Sql, statement } from '../infra/database.ts';

const takeSql = statement(
  'shared_limit_take',
  `with before as (select slice, used from shared_limits where name = $1 for update)
   update shared_limits l
      set slice = $2, used = least($4::int, $3::int + case when before.slice = $2 then before.used else 0 end)
     from before
    where l.name = $1 and (before.slice < $2 or (before.slice = $2 and before.used < $4))
   returning l.used - case when before.slice = $2 then before.used else 0 end as taken`,
);

/**
 * Takes calls of a slice of time.
 * @param name the limit and whose it is
 * @param capacity calls of one slice, of all owners together
 * @returns how many of the wanted ones may be made within the slice
 */
export async function takeShared(
  directory: Sql,
  { name, slice, wanted, capacity }: { name: string; slice: Date; wanted: number; capacity: number },
): Promise<number> {
  const [row] = await directory.query<{ taken: number }>(takeSql, [name, slice, wanted, capacity]);
  return row?.taken ?? 0;
}

/** Puts a limit down, so that it can be taken from. */
export async function ensureShared(directory: Sql, name: string): Promise<void> {
  await directory.execute(
    `insert into shared_limits (name, slice, used) values ($1, 'epoch', 0) on conflict (name) do nothing`,
    [name],
  );
}
