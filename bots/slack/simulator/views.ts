/** The modals that are open before people, and their App Home pages. */
import type { JsonObject } from '../../../src/kernel/canonical-json.ts';
import type { Clock } from '../../../src/kernel/ports.ts';
import { Changes } from '../../shared/simulator/changes.ts';
import { stableId } from './people.ts';

/** Slack shows at most three modals above one another. https://docs.slack.dev/surfaces/modals */
const maxStack = 3;

export interface View {
  /** `V…` */
  id: string;
  type: 'modal' | 'home';
  installation: string;
  userId: string;
  /** The view as the bot sent it, last. */
  source: JsonObject;
  /** Changes with every update. */
  hash: string;
  version: number;
  rootId: string;
  previousId: string | null;
  /** The trigger that opened it; null for homes. */
  triggerId: string | null;
  open: boolean;
  /** By block_id: what the bot's answer to a submission found wrong. */
  errors: Record<string, string>;
  /** By block_id: what the person filled in. An update leaves it in inputs that stay. */
  filled: Record<string, string>;
}

export class Views extends Changes<[View]> {
  readonly #clock: Clock;
  readonly #views = new Map<string, View>();
  readonly #homes = new Map<string, View>();
  #count = 0;

  constructor(clock: Clock) {
    super();
    this.#clock = clock;
  }

  find(id: string): View | null {
    return this.#views.get(id) ?? null;
  }

  findExternal(installation: string, externalId: string): View | null {
    const views = [...this.#views.values()];
    return (
      views.find((view) => view.installation === installation && view.source.external_id === externalId) ??
      null
    );
  }

  /** Modals that the person has open, the topmost last. */
  modals(userId: string): View[] {
    return [...this.#views.values()].filter(
      (view) => view.open && view.type === 'modal' && view.userId === userId,
    );
  }

  /** The person's App Home page of the installation; null when it was never published. */
  home(installation: string, userId: string): View | null {
    return this.#homes.get(`${installation} ${userId}`) ?? null;
  }

  open(installation: string, userId: string, source: JsonObject, triggerId: string | null): View {
    return this.#add('modal', installation, userId, source, { triggerId, below: null });
  }

  /** A modal above another; null when three are open already. */
  push(below: View, source: JsonObject, triggerId: string | null): View | null {
    const stack = this.modals(below.userId).filter(({ rootId }) => rootId === below.rootId);
    if (stack.length >= maxStack) return null;
    return this.#add('modal', below.installation, below.userId, source, { triggerId, below });
  }

  publish(installation: string, userId: string, source: JsonObject): View {
    const known = this.home(installation, userId);
    if (known !== null) {
      this.update(known, source);
      return known;
    }
    const view = this.#add('home', installation, userId, source, { triggerId: null, below: null });
    this.#homes.set(`${installation} ${userId}`, view);
    return view;
  }

  update(view: View, source: JsonObject): void {
    view.source = source;
    view.version += 1;
    view.hash = this.#nextHash();
    view.errors = {};
    this.tell(view);
  }

  setErrors(view: View, errors: Record<string, string>): void {
    view.errors = errors;
    this.tell(view);
  }

  /** `all`: every modal of its stack. */
  close(view: View, all = false): void {
    const closed = all ? this.modals(view.userId).filter(({ rootId }) => rootId === view.rootId) : [view];
    for (const one of closed) {
      one.open = false;
      this.tell(one);
    }
  }

  clear(): void {
    this.#views.clear();
    this.#homes.clear();
  }

  #add(
    type: View['type'],
    installation: string,
    userId: string,
    source: JsonObject,
    { triggerId, below }: { triggerId: string | null; below: View | null },
  ): View {
    const hash = this.#nextHash();
    const id = stableId('V', `${hash} ${this.#count}`);
    const view: View = {
      id,
      type,
      installation,
      userId,
      source,
      hash,
      version: 1,
      rootId: below?.rootId ?? id,
      previousId: below?.id ?? null,
      triggerId,
      open: true,
      errors: {},
      filled: {},
    };
    this.#views.set(id, view);
    this.tell(view);
    return view;
  }

  #nextHash(): string {
    this.#count += 1;
    return `${Math.floor(this.#clock.now().getTime() / 1000)}.${this.#count.toString(36).padStart(8, '0')}`;
  }
}
