/** The load: people who type, press buttons and fill forms, each thing once, with a marker of its own. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Gesture, SeenForm } from '../../src/kernel/simulated-chat.ts';
import type { KillWorld, WorldPerson, WorldTenant } from '../support/kill-world.ts';
import { type Command, type CommandKind, isAcknowledged, type Ledger } from './ledger.ts';
import { Random } from './random.ts';
import { Sender } from './sender.ts';
import type { HeldCard, Sightings } from './sightings.ts';

/** Milliseconds between what one person does. */
const thinkMs = { min: 5, max: 100 };
/** A form that comes as a message may come after a kill and a start. */
const formLimitMs = 30_000;

export interface Load {
  /** Lets everybody finish what they began; nobody begins anything any more. */
  stop(): Promise<void>;
}

/** Everybody of every tenant starts to work. */
export function startLoad(world: KillWorld, ledger: Ledger, sightings: Sightings, seed: number): Load {
  let stopping = false;
  const sender = new Sender(world.platform.rules, ledger, new Random(seed, 'sender'));
  const work = world.tenants.flatMap((tenant) =>
    tenant.people.map(async (by) => {
      const person = new Person({ world, ledger, sender, sightings, tenant, by }, seed);
      while (!stopping) await person.act();
    }),
  );
  return {
    async stop() {
      stopping = true;
      await Promise.all(work);
      await sender.settled();
    },
  };
}

interface Surroundings {
  world: KillWorld;
  ledger: Ledger;
  sender: Sender;
  sightings: Sightings;
  tenant: WorldTenant;
  by: WorldPerson;
}

type FormKind = 'form_note' | 'form_log';

class Person {
  readonly #around: Surroundings;
  readonly #random: Random;

  constructor(around: Surroundings, seed: number) {
    this.#around = around;
    this.#random = new Random(seed, around.by.key);
  }

  /** Does one thing and pauses. */
  async act(): Promise<void> {
    await this.#choose();
    await sleep(this.#random.between(thinkMs.min, thinkMs.max));
  }

  async #choose(): Promise<void> {
    const { sightings, ledger, tenant, by } = this.#around;
    const card = this.#random.chance(0.5) ? sightings.takeCard(by) : null;
    if (card !== null) return await this.#use(card);
    const marker = ledger.nextMarker();
    const ticket = this.#random.pick(tenant.tickets).number;
    switch (this.#random.between(0, 5)) {
      case 0:
        return await this.#type('note', marker, `note ${ticket}: Called ${marker}`);
      case 1:
        return await this.#type('log_time', marker, `log 15m on ${ticket}: Cables ${marker}`);
      case 2:
        return await this.#type(
          'query',
          marker,
          this.#random.pick(['help', 'my tickets', `ticket ${ticket}`]),
        );
      default:
        return await this.#type('new_ticket', marker, `new ticket Printer ${marker}`);
    }
  }

  /** Assigns the new ticket, by a button or by its number, or writes on it by a form. */
  async #use(held: HeldCard): Promise<void> {
    switch (this.#random.between(0, 3)) {
      case 0:
        return await this.#type('assign', `#${held.ticketNumber}`, `assign ${held.ticketNumber} to me`);
      case 1:
        return await this.#press(held);
      case 2:
        return await this.#fill(held, 'form_note', 'Add note', (marker) => ({ note: `Typed ${marker}` }));
      default:
        return await this.#fill(held, 'form_log', 'Log time', (marker) => ({
          duration: '30m',
          note: `Wired ${marker}`,
        }));
    }
  }

  /** Types a message or, where the platform has another gesture for it, now and then a command. */
  async #type(kind: CommandKind, marker: string, text: string): Promise<void> {
    const { world, sender, by } = this.#around;
    const asRequest = world.platform.rules.command === 'request' && this.#random.chance(0.3);
    if (asRequest) {
      const command = this.#begin(kind, marker, { sentAs: 'request', answeredBy: 'answer' });
      return await sender.once(command, () => world.chat.command(text, by.where));
    }
    const command = this.#begin(kind, marker, { sentAs: 'message', answeredBy: 'message' });
    await sender.message(command, () => world.chat.say(text, by.where));
  }

  async #press(held: HeldCard): Promise<void> {
    const { world, sender } = this.#around;
    const command = this.#begin('press_assign', `#${held.ticketNumber}`, {
      sentAs: 'request',
      answeredBy: world.platform.rules.press,
      cardMessageId: held.message.id,
    });
    await sender.request(command, () => this.#pressed(held, 'Assign to me'));
  }

  /** Opens the form and submits it. A form that did not open is left: nothing was asked for yet. */
  async #fill(
    held: HeldCard,
    kind: FormKind,
    button: string,
    filled: (marker: string) => Record<string, string>,
  ): Promise<void> {
    const { world, ledger, sender, by } = this.#around;
    const byMessage = world.platform.rules.form === 'message';
    const form = byMessage ? await this.#sentForm(held, button) : (await this.#pressed(held, button)).form;
    if (form === null) return;
    const marker = ledger.nextMarker();
    const cardMessageId = held.message.id;
    const command = this.#begin(kind, marker, { sentAs: 'request', answeredBy: 'answer', cardMessageId });
    await sender.request(command, () => world.chat.submit(form, filled(marker), by.where));
  }

  /** A form that comes as a message has to come like any other, once the press was taken. */
  async #sentForm(held: HeldCard, button: string): Promise<SeenForm | null> {
    const { ledger, sender, sightings } = this.#around;
    const command = this.#begin('open_form', ledger.nextMarker(), {
      sentAs: 'request',
      answeredBy: 'message',
    });
    const coming = sightings.nextForm(held.message.conversation, formLimitMs);
    await sender.once(command, () => this.#pressed(held, button));
    if (!isAcknowledged(command)) coming.cancel();
    return await coming.form;
  }

  #pressed(held: HeldCard, label: string): Promise<Gesture> {
    const { world, by } = this.#around;
    return world.chat.press(held.message, label, by.where);
  }

  #begin(
    kind: CommandKind,
    marker: string,
    how: Pick<Command, 'sentAs' | 'answeredBy'> & { cardMessageId?: string },
  ): Command {
    const { ledger, tenant, by } = this.#around;
    return ledger.begin({ tenant, by, kind, marker, cardMessageId: null, ...how });
  }
}
