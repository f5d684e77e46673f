/** What an action is: one definition from which the chat grammar, forms, the API and manifests are made. */
import type { z } from 'zod';
import type { Transaction } from '../infra/database.ts';
import type { SourceMessage, Surface } from '../kernel/activity.ts';
import type { JsonObject } from '../kernel/canonical-json.ts';
import { DeskbridgeError } from '../kernel/errors.ts';
import type { FormField, Message, SearchResult } from '../kernel/message.ts';
import type { Capability, Role } from '../tenants/capabilities.ts';
import type { LinkCodes } from '../tenants/links.ts';
import type { ActionName, Say } from '../words/index.ts';
import type { CommandSpec } from './parse-command.ts';

export type TargetKind = 'ticket' | 'approval' | 'time_entry' | 'contact' | 'user';

/** The person in whose name the action runs. */
export interface Actor {
  userId: string;
  name: string;
  email: string;
  locale: string | null;
  timeZone: string | null;
  roles: readonly Role[];
  capabilities: ReadonlySet<Capability>;
}

/** Where the action was invoked in chat; null on the API. */
export interface ChatContext {
  registrationId: string;
  platform: string;
  platformUserId: string;
  /** Display name as the platform gives it. */
  platformUserName: string | null;
  /** Null when the conversation could not be captured. */
  conversationId: string | null;
  /** Whether others read along. */
  isGroup: boolean;
  /** The message that the action starts from, e.g. by a message shortcut. */
  source: SourceMessage | null;
}

export interface ActionContext {
  tx: Transaction;
  now: Date;
  tenant: { tenantId: string; slug: string; name: string };
  /** Null for a person without a link; only actions with `unlinked` see that. */
  actor: Actor | null;
  surface: Surface;
  chat: ChatContext | null;
  say: Say;
  /** The page of a ticket: its own URL where it is mirrored, else ours. */
  ticketUrl(ticket: { number: number; url: string | null }): string;
  /** A fresh single-use token; one a card, shared by buttons that exclude one another. */
  nonce(): string;
  /** Whether the tenant has the action switched on, here. */
  isSwitchedOn(action: AnyAction): boolean;
  /** One-time codes between chat identities and users. */
  linkCodes: LinkCodes;
}

/** A context in which somebody is linked. */
export type LinkedContext = ActionContext & { actor: Actor };

export interface ActionTarget {
  kind: TargetKind;
  id: string;
}

export interface ActionResult {
  /** What the person reads; its title and text are also the summary of the API's answer. */
  message: Message;
  /** Records for programs. */
  items?: JsonObject[];
  links?: { title: string; url: string }[];
  warnings?: string[];
  /** The list that was shown, so that the person may type `assign 1` next. */
  listed?: { kind: 'ticket' | 'approval'; ids: string[] };
  /** Hits for a compose box. */
  results?: SearchResult[];
  /** Set where running the action made its target known (a created ticket). */
  target?: ActionTarget;
}

export interface ActionDefinition<Input = never, Target = never> {
  /** Stable; stored in audit rows and cards. Its title and help stand in the language files. */
  id: ActionName;
  kind: 'query' | 'mutation';
  /** Null: everybody may. */
  permission: Capability | null;
  /** Runs for people without a link too. */
  unlinked?: boolean;
  surfaces: readonly Surface[];
  targetKinds: readonly TargetKind[];
  /** Checks and normalises input from any surface; strict, unknown fields are refused. */
  input: z.ZodType<Input>;
  /** Chat commands that run it; their words stand in the language files. */
  commands: readonly CommandSpec[];
  /** Fields of its form, where it has one; `prefill` is input known so far. */
  form?: (context: LinkedContext, prefill: JsonObject) => Promise<FormField[]>;
  /**
   * Finds the record acted on, inside the tenant, before the permission is checked.
   * @throws DeskbridgeError not_found; AskBack where the person must choose
   */
  resolve?: (context: ActionContext, input: Input) => Promise<{ target: ActionTarget; record: Target }>;
  /** @throws DeskbridgeError; AskBack */
  run: (context: ActionContext, input: Input, record: Target) => Promise<ActionResult>;
}

/** A definition whose input and record types are its own business. */
export type AnyAction = ActionDefinition<unknown, unknown>;

/**
 * Declares an action, with the types of its input and record inferred and then forgotten: the pipeline passes to
 * `run` only what `input` parsed and `resolve` found.
 */
export function defineAction<Input, Target = undefined>(
  definition: ActionDefinition<Input, Target>,
): AnyAction {
  return definition as unknown as AnyAction;
}

/** The person is asked something back: not an attempt, hence no audit row. */
export class AskBack extends Error {
  readonly code: 'ambiguous' | 'validation_error';
  /** The question, with buttons where there is a choice. */
  readonly question: Message;

  constructor(code: 'ambiguous' | 'validation_error', question: Message) {
    super(question.title);
    this.name = 'AskBack';
    this.code = code;
    this.question = question;
  }
}

/**
 * The context of a linked person.
 * @throws DeskbridgeError not_linked
 */
export function requireActor(context: ActionContext): LinkedContext {
  if (context.actor === null) throw new DeskbridgeError('not_linked');
  return { ...context, actor: context.actor };
}
