/** SQL of chat links and of the one-time codes that make them. */
import type { Transaction } from '../infra/database.ts';

export interface LinkRow {
  link_id: string;
  user_id: string;
  registration_id: string;
  platform_user_id: string;
  created_at: Date;
}

export interface LinkCodeRow {
  code_hash: string;
  /** Set when an administrator made the code for a user. */
  user_id: string | null;
  /** Set when a chat identity was shown the code. */
  registration_id: string | null;
  platform_user_id: string | null;
  platform_user_name: string | null;
  created_at: Date;
  expires_at: Date;
}

const columns = 'link_id, user_id, registration_id, platform_user_id, created_at';
const codeColumns =
  'code_hash, user_id, registration_id, platform_user_id, platform_user_name, created_at, expires_at';

/** Links the identity, or moves its link to this user. */
export async function upsertLink(tx: Transaction, link: LinkRow): Promise<LinkRow> {
  const [row] = await tx.query<LinkRow>(
    `insert into links (tenant_id, ${columns}) values ($1, $2, $3, $4, $5, $6)
     on conflict (tenant_id, registration_id, platform_user_id) do update set user_id = excluded.user_id
     returning ${columns}`,
    [tx.tenantId, link.link_id, link.user_id, link.registration_id, link.platform_user_id, link.created_at],
  );
  if (row === undefined) throw new Error('the link was not written');
  return row;
}

/** @returns null when the identity is linked already */
export async function insertLink(tx: Transaction, link: LinkRow): Promise<LinkRow | null> {
  const [row] = await tx.query<LinkRow>(
    `insert into links (tenant_id, ${columns}) values ($1, $2, $3, $4, $5, $6)
     on conflict do nothing returning ${columns}`,
    [tx.tenantId, link.link_id, link.user_id, link.registration_id, link.platform_user_id, link.created_at],
  );
  return row ?? null;
}

export async function readLink(tx: Transaction, linkId: string): Promise<LinkRow | null> {
  const [row] = await tx.query<LinkRow>(
    `select ${columns} from links where tenant_id = $1 and link_id = $2`,
    [tx.tenantId, linkId],
  );
  return row ?? null;
}

export async function listLinks(
  tx: Transaction,
  page: { limit: number; after: { createdAt: Date; id: string } | null; userId?: string | undefined },
): Promise<LinkRow[]> {
  return await tx.query<LinkRow>(
    `select ${columns} from links
      where tenant_id = $1 and ($3::timestamptz is null or (created_at, link_id) < ($3, $4::uuid))
        and ($5::uuid is null or user_id = $5)
      order by created_at desc, link_id desc limit $2`,
    [tx.tenantId, page.limit, page.after?.createdAt ?? null, page.after?.id ?? null, page.userId ?? null],
  );
}

export async function deleteLink(tx: Transaction, linkId: string): Promise<boolean> {
  return (
    (await tx.execute('delete from links where tenant_id = $1 and link_id = $2', [tx.tenantId, linkId])) === 1
  );
}

/** Stores a code; earlier unused codes for the same side end, so that only the newest works. */
export async function replaceCode(tx: Transaction, code: LinkCodeRow): Promise<void> {
  tx.enqueue(
    `delete from link_codes where tenant_id = $1 and used_at is null
        and (user_id = $2 or (registration_id = $3 and platform_user_id = $4))`,
    [tx.tenantId, code.user_id, code.registration_id, code.platform_user_id],
  );
  await tx.execute(
    `insert into link_codes (tenant_id, ${codeColumns}) values ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [
      tx.tenantId,
      code.code_hash,
      code.user_id,
      code.registration_id,
      code.platform_user_id,
      code.platform_user_name,
      code.created_at,
      code.expires_at,
    ],
  );
}

/** Uses up a live code; null when it is unknown, used or expired. Of two at once only one gets it. */
export async function consumeCode(
  tx: Transaction,
  codeHash: string,
  side: 'user' | 'chat',
  now: Date,
): Promise<LinkCodeRow | null> {
  const [row] = await tx.query<LinkCodeRow>(
    `update link_codes set used_at = $3
      where tenant_id = $1 and code_hash = $2 and used_at is null and expires_at > $3
        and ${side === 'user' ? 'user_id is not null' : 'platform_user_id is not null'}
      returning ${codeColumns}`,
    [tx.tenantId, codeHash, now],
  );
  return row ?? null;
}

/** Codes are kept for a day after their end, so that a person who asks can be told that one was used. */
export async function eraseOldCodes(tx: Transaction, now: Date): Promise<void> {
  const dayAgo = new Date(now.getTime() - 86_400_000);
  await tx.execute('delete from link_codes where tenant_id = $1 and expires_at < $2', [tx.tenantId, dayAgo]);
}
