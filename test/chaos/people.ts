/** The load: people who type, press buttons and fill forms, each thing once, with a marker of its own. */
import { setTimeout as sleep } from 'node:timers/promises';
import { invokeActivity, messageActivity, type Scene } from '../../bots/teams/simulator/activities.ts';
import { buttonsOf, cardOf, findButton, isObject, pressedData } from '../../bots/teams/simulator/cards.ts';
import type { OracleMessage } from '../../bots/teams/simulator/index.ts';
import { firstSubmit, pressActivity } from '../../bots/teams/simulator/press.ts';
import type { JsonObject, JsonValue } from '../../src/kernel/canonical-json.ts';
import type { KillWorld, WorldPerson, WorldTenant } from '../support/kill-world.ts';
import type { Command, HeldCard, Ledger } from './ledger.ts';
import { Random } from './random.ts';
import { Sender } from './sender.ts';

/** Milliseconds between what one person does. */
const thinkMs = { min: 5, max: 100 };
const heldCards = 5;

export interface Load {
  /** Lets everybody finish what they began; nobody begins anything any more. */
  stop(): Promise<void>;
}

/** Everybody of every tenant starts to work. */
export function startLoad(world: KillWorld, ledger: Ledger, seed: number): Load {
  let stopping = false;
  const sender = new Sender(world.simulator, ledger, new Random(seed, 'sender'));
  const hands = new Map<WorldPerson, HeldCard[]>();
  // To the end of the run: replies may come long after their command.
  world.simulator.oracle.subscribe((message, event) => {
    if (event.kind === 'post') noteReply(ledger, hands, message);
  });
  const work = world.tenants.flatMap((tenant) =>
    tenant.people.map(async (by) => {
      const cards: HeldCard[] = [];
      hands.set(by, cards);
      const person = new Person(world, ledger, sender, tenant, by, cards, seed);
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

/** Files a post with the command that it replies to; a new ticket's card goes to the person who asked for it. */
function noteReply(ledger: Ledger, hands: Map<WorldPerson, HeldCard[]>, message: OracleMessage): void {
  const command = ledger.repliedTo(message);
  if (command === null) return;
  command.replies.push(message);
  if (command.kind !== 'new_ticket' || command.replies.length > 1) return;
  const held = heldCardOf(message);
  const cards = hands.get(command.by);
  if (held !== null && cards !== undefined && cards.length < heldCards) cards.push(held);
}

function heldCardOf(message: OracleMessage): HeldCard | null {
  const card = cardOf(message.activity);
  const number = /#(\d+)/.exec(JSON.stringify(card))?.[1];
  if (card === null || number === undefined) return null;
  for (const { data } of buttonsOf(card)) {
    const input = isObject(data) && isObject(data.deskbridge) ? data.deskbridge.input : undefined;
    if (isObject(input) && typeof input.ticket === 'string') {
      return { message, card, ticketId: input.ticket, ticketNumber: Number(number) };
    }
  }
  return null;
}

class Person {
  readonly #world: KillWorld;
  readonly #ledger: Ledger;
  readonly #sender: Sender;
  readonly #tenant: WorldTenant;
  readonly #by: WorldPerson;
  readonly #cards: HeldCard[];
  readonly #random: Random;

  constructor(
    world: KillWorld,
    ledger: Ledger,
    sender: Sender,
    tenant: WorldTenant,
    by: WorldPerson,
    cards: HeldCard[],
    seed: number,
  ) {
    this.#world = world;
    this.#ledger = ledger;
    this.#sender = sender;
    this.#tenant = tenant;
    this.#by = by;
    this.#cards = cards;
    this.#random = new Random(seed, by.person.key);
  }

  /** Does one thing and pauses. */
  async act(): Promise<void> {
    await this.#choose();
    await sleep(this.#random.between(thinkMs.min, thinkMs.max));
  }

  async #choose(): Promise<void> {
    const card = this.#random.chance(0.5) ? this.#cards.shift() : undefined;
    if (card !== undefined) return await this.#use(card);
    const marker = this.#ledger.nextMarker();
    const ticket = this.#random.pick(this.#tenant.tickets).number;
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
        return await this.#type('assign', held.ticketId, `assign ${held.ticketNumber} to me`);
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

  async #type(kind: Command['kind'], marker: string, text: string): Promise<void> {
    const command = this.#begin(kind, marker, null);
    await this.#sender.message(command, messageActivity(this.#scene(), text));
  }

  async #press(held: HeldCard): Promise<void> {
    const command = this.#begin('press_assign', held.ticketId, null);
    const button = findButton(held.card, 'Assign to me');
    await this.#sender.invoke(command, pressActivity(this.#scene(), held.card, button, {}, held.message.id));
  }

  /** Opens the form and submits it. A form that did not open is left: nothing was asked for yet. */
  async #fill(
    held: HeldCard,
    kind: 'form_note' | 'form_log',
    button: string,
    filled: (marker: string) => Record<string, string>,
  ): Promise<void> {
    const scene = this.#scene();
    const open = pressActivity(scene, held.card, findButton(held.card, button), {}, held.message.id);
    const opened = await this.#world.simulator.sendActivity(open);
    const form = dialogOf(opened.body);
    if (form === null) return;
    const marker = this.#ledger.nextMarker();
    const command = this.#begin(kind, marker, held.message.id);
    const value = {
      data: pressedData(form, firstSubmit(form), filled(marker)),
      context: { theme: 'default' },
    };
    const submit = invokeActivity(scene, 'task/submit', value, { replyToId: held.message.id });
    await this.#sender.invoke(command, submit);
  }

  #begin(kind: Command['kind'], marker: string, cardMessageId: string | null): Command {
    return this.#ledger.begin({ tenant: this.#tenant, by: this.#by, kind, marker, cardMessageId });
  }

  #scene(): Scene {
    const { person: as, conversation } = this.#by;
    const { appId, organization } = this.#tenant;
    return this.#world.simulator.scene({ as, conversation, appId, organization });
  }
}

/** The card of a dialog that an answer opens; null when it opens none. */
export function dialogOf(body: JsonValue): JsonObject | null {
  const task = isObject(body) && isObject(body.task) ? body.task : {};
  const value = isObject(task.value) ? task.value : {};
  const card = isObject(value.card) ? value.card : {};
  return isObject(card.content) ? card.content : null;
}
