/** What people saw of the bot: every message at the moment of each change, and at the end what stands before whom. */
import type { SeenForm, SeenMessage } from '../../src/kernel/simulated-chat.ts';
import type { KillWorld, WorldPerson, WorldTenant } from '../support/kill-world.ts';
import { isNothingDone, type Ledger } from './ledger.ts';

/** A message of the bot, as much of it as the trials need. */
export interface Sighting {
  id: string;
  conversation: string;
  replyTo: string | null;
  token: string | null;
  /** Markers in any of its versions. */
  markers: Set<string>;
  versions: number;
  /** Milliseconds since 1970. */
  changedAt: number;
}

/** A card that shows a ticket, in the hands of the person who made the ticket. */
export interface HeldCard {
  message: SeenMessage;
  ticketNumber: number;
}

const heldCards = 5;

export class Sightings {
  readonly #ledger: Ledger;
  readonly #byId = new Map<string, Sighting>();
  readonly #byToken = new Map<string, Sighting[]>();
  readonly #byReplyTo = new Map<string, Sighting[]>();
  readonly #hands = new Map<WorldPerson, HeldCard[]>();
  /** New tickets whose card was seen. */
  readonly #shown = new Set<string>();
  readonly #formWaits = new Map<string, (form: SeenForm) => void>();
  /** How often each person, by key, was told in the conversation that nothing was done. */
  readonly notDone = new Map<string, number>();

  /** From now on to the end of the run: replies may come long after their command. */
  constructor(world: KillWorld, ledger: Ledger) {
    this.#ledger = ledger;
    world.chat.watch((message) => this.#see(message));
  }

  all(): Sighting[] {
    return [...this.#byId.values()];
  }

  byId(id: string): Sighting | null {
    return this.#byId.get(id) ?? null;
  }

  /** Posts that answer an event: they carry its receipt's token or, without tokens, reply to the person's message. */
  repliesTo(receiptId: string, messageId: string | null): Sighting[] {
    const byToken = this.#byToken.get(receiptId);
    if (byToken !== undefined || messageId === null) return byToken ?? [];
    return (this.#byReplyTo.get(messageId) ?? []).filter(({ token }) => token === null);
  }

  /** A card of a ticket that the person made, which nobody has used; null when there is none. */
  takeCard(person: WorldPerson): HeldCard | null {
    return this.#hands.get(person)?.shift() ?? null;
  }

  /** The next form that comes as a message there; null after the time. */
  nextForm(conversation: string, timeoutMs: number): { form: Promise<SeenForm | null>; cancel(): void } {
    const { promise, resolve } = Promise.withResolvers<SeenForm | null>();
    const timer = setTimeout(resolve, timeoutMs, null);
    this.#formWaits.set(conversation, resolve);
    const form = promise.finally(() => {
      clearTimeout(timer);
      this.#formWaits.delete(conversation);
    });
    return { form, cancel: () => resolve(null) };
  }

  #see(message: SeenMessage): void {
    const { id, conversation, replyTo, token, versions } = message;
    let sighting = this.#byId.get(id);
    if (sighting === undefined) {
      sighting = { id, conversation, replyTo, token, markers: new Set(), versions, changedAt: 0 };
      this.#byId.set(id, sighting);
      if (token !== null) add(this.#byToken, token, sighting);
      if (replyTo !== null) add(this.#byReplyTo, replyTo, sighting);
    }
    const markers = this.#ledger.markersIn(message.text);
    for (const marker of markers) sighting.markers.add(marker);
    sighting.versions = versions;
    sighting.changedAt = Date.now();
    if (versions > 1) return;
    if (message.card.form !== null) this.#formWaits.get(conversation)?.(message.card.form);
    const { onlyFor } = message;
    if (onlyFor !== null && isNothingDone(message.text))
      this.notDone.set(onlyFor, (this.notDone.get(onlyFor) ?? 0) + 1);
    if (markers.length === 1) this.#hold(message, markers[0] ?? '');
  }

  /** The first card of a new ticket goes to the person who asked for it. */
  #hold(message: SeenMessage, marker: string): void {
    const command = this.#ledger.ofMarker(marker);
    const number = /#(\d+)/.exec(message.text)?.[1];
    if (command?.kind !== 'new_ticket' || number === undefined || this.#shown.has(marker)) return;
    // Where it does not belong nobody could press it, and the check will say so.
    if (message.conversation !== command.by.conversation) return;
    this.#shown.add(marker);
    const cards = this.#hands.get(command.by) ?? [];
    this.#hands.set(command.by, cards);
    if (cards.length < heldCards) cards.push({ message, ticketNumber: Number(number) });
  }
}

/** What stands before people at the end. */
export interface Visible {
  /** Whose conversation it is. */
  owners: ReadonlyMap<string, WorldTenant>;
  /** Ids of the messages that a person sees where this person speaks or in the personal chat. */
  seenBy: ReadonlyMap<WorldPerson, ReadonlySet<string>>;
}

/** Reads every conversation as its people see it. */
export async function readVisible(world: KillWorld): Promise<Visible> {
  const owners = new Map<string, WorldTenant>();
  const seenBy = new Map<WorldPerson, Set<string>>();
  for (const tenant of world.tenants) {
    for (const person of tenant.people) {
      const { thread: _whole, ...place } = person.where;
      const messages = [
        ...(await world.chat.messages(place)),
        ...(await world.chat.messages(person.personal)),
      ];
      for (const { conversation } of messages) owners.set(conversation, tenant);
      seenBy.set(person, new Set(messages.map(({ id }) => id)));
    }
  }
  return { owners, seenBy };
}

function add(map: Map<string, Sighting[]>, key: string, sighting: Sighting): void {
  map.set(key, [...(map.get(key) ?? []), sighting]);
}
