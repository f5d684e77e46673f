/** Who a notification is for, as it is asked for: sorted by kind, each once, and checked. */
import type { Transaction } from '../infra/database.ts';
import { DeskbridgeError } from '../kernel/errors.ts';
import { isUuid } from '../kernel/ids.ts';
import type { NamedRecipient } from './audience-store.ts';
import { findUnknown } from './enqueue-store.ts';

/** `user` and `group` are people, reached as they prefer; a conversation or address is one place. */
export type Recipient =
  | { user: string }
  | { conversation: string }
  | { registration: string; address: string }
  | { group: string }
  | { everyone: true };

/** How many faults are named. */
const maxFaults = 20;

/** Recipients by kind, each once, with the index at which it was first named. */
export interface Audience {
  users: Map<string, number>;
  groups: Map<string, number>;
  conversations: Map<string, number>;
  registrations: Map<string, number>;
  addresses: Map<string, { registration: string; address: string }>;
  everyone: boolean;
}

/** Sorts them; how a recipient is written in upper or lower case makes no difference. */
export function sortRecipients(to: readonly Recipient[]): Audience {
  const audience: Audience = {
    users: new Map(),
    groups: new Map(),
    conversations: new Map(),
    registrations: new Map(),
    addresses: new Map(),
    everyone: false,
  };
  const note = (ids: Map<string, number>, id: string, index: number) => {
    const lower = id.toLowerCase();
    if (!ids.has(lower)) ids.set(lower, index);
  };
  for (const [index, recipient] of to.entries()) {
    if ('user' in recipient) note(audience.users, recipient.user, index);
    else if ('group' in recipient) note(audience.groups, recipient.group, index);
    else if ('conversation' in recipient) note(audience.conversations, recipient.conversation, index);
    else if ('everyone' in recipient) audience.everyone = true;
    else {
      const registration = recipient.registration.toLowerCase();
      note(audience.registrations, registration, index);
      const { address } = recipient;
      audience.addresses.set(`${registration} ${address}`, { registration, address });
    }
  }
  return audience;
}

/** People, conversations and addresses that are named, in the order of an audience. */
export function namedRecipients({ users, conversations, addresses }: Audience): NamedRecipient[] {
  const nothing = { userId: null, conversationId: null, registrationId: null, address: null };
  return [
    ...[...users.keys()].map((userId) => ({ ...nothing, userId })),
    ...[...conversations.keys()].map((conversationId) => ({ ...nothing, conversationId })),
    ...[...addresses.values()].map(({ registration, address }) => ({
      ...nothing,
      registrationId: registration,
      address,
    })),
  ];
}

/** @throws DeskbridgeError validation_error that names the first recipients that the tenant does not have */
export async function checkRecipients(tx: Transaction, audience: Audience): Promise<void> {
  const faults = await Promise.all([
    unknownOf(tx, 'user', audience.users),
    unknownOf(tx, 'conversation', audience.conversations),
    unknownOf(tx, 'registration', audience.registrations),
    unknownOf(tx, 'group', audience.groups),
  ]);
  const first = faults
    .flat()
    .sort((a, b) => a.index - b.index)
    .slice(0, maxFaults);
  if (first.length === 0) return;
  throw new DeskbridgeError('validation_error', {
    fields: first.map(({ index, kind }) => ({ path: `to.${index}`, message: `is no ${kind}` })),
  });
}

async function unknownOf(
  tx: Transaction,
  kind: 'user' | 'conversation' | 'registration' | 'group',
  ids: ReadonlyMap<string, number>,
): Promise<{ index: number; kind: string }[]> {
  const malformed = [...ids].filter(([id]) => !isUuid(id)).slice(0, maxFaults);
  if (malformed.length > 0) return malformed.map(([, index]) => ({ index, kind }));
  const indexes = [...ids.values()];
  const unknown = await findUnknown(tx, kind, [...ids.keys()], maxFaults);
  return unknown.map((place) => ({ index: indexes[place] ?? 0, kind }));
}
