/** Facts of a chunk of audiences, in a few reads whatever its size. */
import type { Transaction } from '../infra/database.ts';
import type { Destination, PlatformAddressing } from '../kernel/notification.ts';
import type { NamedRecipient } from './audience-store.ts';
import type { RecipientFacts, Way } from './plan-deliveries.ts';
import {
  type ConversationFacts,
  identityKey,
  type LinkFacts,
  type PersonFacts,
  type RegistrationFacts,
  readConversations,
  readLinkedUsers,
  readLinks,
  readPersons,
  readRegistrations,
} from './recipient-queries.ts';

type AddressingOf = (platform: string) => PlatformAddressing;

/** The facts of each recipient, in the order of the audience. One round trip, three more for named places. */
export async function gatherRecipients(
  tx: Transaction,
  addressingOf: AddressingOf,
  audience: readonly NamedRecipient[],
): Promise<RecipientFacts[]> {
  const userIds = [...new Set(audience.flatMap(({ userId }) => userId ?? []))];
  const named = audience.filter(({ userId }) => userId === null);
  const [links, users, conversations] = await Promise.all([
    readLinks(tx, userIds),
    readPersons(tx, userIds),
    readConversations(
      tx,
      named.flatMap(({ conversationId }) => conversationId ?? []),
    ),
  ]);
  const reached = [...conversations.values(), ...named];
  const registrations = await readRegistrations(
    tx,
    new Set(reached.flatMap(({ registrationId }) => registrationId ?? [])),
  );
  const places = placesOf(named, conversations, { registrations, addressingOf });
  const behind = await readLinkedUsers(tx, [...places.values()].map(identityOf));
  const others = [...new Set(behind.values())].filter((userId) => !users.has(userId));
  const persons = new Map([...users, ...(await readPersons(tx, others))]);
  return audience.map((recipient) => {
    const { userId } = recipient;
    if (userId !== null) {
      const ways = (links.get(userId) ?? []).flatMap((link) => waysOf(link, addressingOf));
      return { userId, person: persons.get(userId) ?? nobody, fixed: false, ways };
    }
    const way = places.get(recipient);
    const owner = way === undefined ? undefined : behind.get(identityKey(identityOf(way)));
    const person = owner === undefined ? null : (persons.get(owner) ?? null);
    return { userId: owner ?? null, person, fixed: true, ways: way === undefined ? [] : [way] };
  });
}

/** A user who is gone since. */
const nobody: PersonFacts = {
  active: false,
  timeZone: null,
  preferences: { quietHours: null, categories: {} },
};

function waysOf(link: LinkFacts, addressingOf: AddressingOf): Way[] {
  const { registrationId, platformUserId, platform, conversation } = link;
  const destinations = addressingOf(platform).ofPerson(platformUserId);
  return destinations.map((destination, index) => ({
    ...wayTo(destination, registrationId, link, conversation?.state),
    usual: index === 0,
    lastActivityAt: conversation?.lastActivityAt ?? null,
  }));
}

function wayTo(
  destination: Destination,
  registrationId: string,
  { platform, live }: RegistrationFacts,
  state: 'active' | 'retired' | undefined,
): Way {
  return {
    channel: { ...destination, registrationId, platform },
    state: !live ? 'inactive' : state === 'retired' ? 'retired' : 'open',
    usual: true,
    lastActivityAt: null,
  };
}

/** What makes destinations of ids. */
interface Naming {
  registrations: ReadonlyMap<string, RegistrationFacts>;
  addressingOf: AddressingOf;
}

/**
 * What named conversations and addresses stand for, by recipient; without those that are gone, or of no form that the
 * platform knows.
 */
function placesOf(
  audience: readonly NamedRecipient[],
  conversations: ReadonlyMap<string, ConversationFacts>,
  { registrations, addressingOf }: Naming,
): Map<NamedRecipient, Way> {
  const places = new Map<NamedRecipient, Way>();
  for (const recipient of audience) {
    const { conversationId, registrationId, address } = recipient;
    const conversation = conversationId === null ? undefined : conversations.get(conversationId);
    const through = conversation?.registrationId ?? registrationId ?? '';
    const registration = registrations.get(through);
    if (registration === undefined) continue;
    const addressing = addressingOf(registration.platform);
    const destination = conversation
      ? addressing.ofReference(conversation)
      : addressing.ofAddress(address ?? '');
    if (destination !== null) {
      places.set(recipient, wayTo(destination, through, registration, conversation?.state));
    }
  }
  return places;
}

/** Destinations of people are named by the id that links are made with. */
function identityOf({ channel }: Way) {
  return { registrationId: channel.registrationId, platformUserId: channel.id };
}
