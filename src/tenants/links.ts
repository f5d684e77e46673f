/** Chat identities and their users: one-time codes in both directions, and the links that they make. */
import { createHmac, randomInt } from 'node:crypto';
import type { Transaction } from '../infra/database.ts';
import { DeskbridgeError } from '../kernel/errors.ts';
import { newId } from '../kernel/ids.ts';
import { consumeCode, type LinkRow, replaceCode, upsertLink } from './link-store.ts';
import { readUser, type UserRow } from './user-store.ts';

/** Codes live this long. */
export const linkCodeMinutes = 15;

/** Crockford's alphabet: nothing that is mistaken for something else when read aloud. */
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const codeLength = 8;

export interface ChatIdentity {
  registrationId: string;
  platformUserId: string;
  platformUserName: string | null;
}

/** Hashes codes at rest: 40 bits would be guessed offline without the key. */
export class LinkCodes {
  readonly #key: string;

  /** @param key secret of this installation */
  constructor(key: string) {
    this.#key = key;
  }

  /** A code that an unlinked person is shown, for an administrator to redeem. */
  async issueForChat(tx: Transaction, identity: ChatIdentity, now: Date): Promise<string> {
    return await this.#issue(tx, { userId: null, identity }, now);
  }

  /** A code for a user, which the person types into the chat. @throws DeskbridgeError not_found */
  async issueForUser(tx: Transaction, userId: string, now: Date): Promise<string> {
    await requireActiveUser(tx, userId);
    return await this.#issue(tx, { userId, identity: null }, now);
  }

  /** An administrator redeems the code that a person was shown. @throws DeskbridgeError not_found */
  async redeemForUser(tx: Transaction, code: string, userId: string, now: Date): Promise<LinkRow> {
    await requireActiveUser(tx, userId);
    const row = await consumeCode(tx, this.#hash(tx.tenantId, code), 'chat', now);
    if (row === null || row.registration_id === null || row.platform_user_id === null) throw unknownCode();
    return await upsertLink(tx, {
      link_id: newId(),
      user_id: userId,
      registration_id: row.registration_id,
      platform_user_id: row.platform_user_id,
      created_at: now,
    });
  }

  /** A person types the code that an administrator made. @throws DeskbridgeError not_found */
  async redeemInChat(
    tx: Transaction,
    code: string,
    identity: ChatIdentity,
    now: Date,
  ): Promise<{ link: LinkRow; user: UserRow }> {
    const row = await consumeCode(tx, this.#hash(tx.tenantId, code), 'user', now);
    if (row === null || row.user_id === null) throw unknownCode();
    const user = await requireActiveUser(tx, row.user_id);
    const link = await upsertLink(tx, {
      link_id: newId(),
      user_id: user.user_id,
      registration_id: identity.registrationId,
      platform_user_id: identity.platformUserId,
      created_at: now,
    });
    return { link, user };
  }

  async #issue(
    tx: Transaction,
    side: { userId: string | null; identity: ChatIdentity | null },
    now: Date,
  ): Promise<string> {
    const code = Array.from({ length: codeLength }, () => alphabet[randomInt(alphabet.length)]).join('');
    await replaceCode(tx, {
      code_hash: this.#hash(tx.tenantId, code),
      user_id: side.userId,
      registration_id: side.identity?.registrationId ?? null,
      platform_user_id: side.identity?.platformUserId ?? null,
      platform_user_name: side.identity?.platformUserName ?? null,
      created_at: now,
      expires_at: new Date(now.getTime() + linkCodeMinutes * 60_000),
    });
    return `${code.slice(0, 4)}-${code.slice(4)}`;
  }

  #hash(tenantId: string, code: string): string {
    const normal = code.toUpperCase().replace(/[\s-]/g, '').replace(/O/g, '0').replace(/[IL]/g, '1');
    return createHmac('sha256', this.#key).update(`${tenantId}:${normal}`).digest('hex');
  }
}

/** @throws DeskbridgeError not_found for a user who does not exist or is deactivated */
export async function requireActiveUser(tx: Transaction, userId: string): Promise<UserRow> {
  const user = await readUser(tx, userId);
  if (user === null || user.status !== 'active') throw new DeskbridgeError('not_found');
  return user;
}

function unknownCode(): DeskbridgeError {
  return new DeskbridgeError('not_found', { detail: 'The code is unknown, used or expired.' });
}
