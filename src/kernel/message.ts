/** The platform-neutral card: what a person is shown, before a platform draws it. */
import { z } from 'zod';
import type { JsonObject, JsonValue } from './canonical-json.ts';

/** All texts are plain: a renderer escapes them. */
export interface Message {
  title: string;
  text?: string;
  /** `good`: done; `attention`: refused or failed; `warning`: look closely. */
  tone?: 'neutral' | 'good' | 'attention' | 'warning';
  facts?: Fact[];
  items?: ListItem[];
  /** Stands for items that the platform's size limit leaves no room for; `{count}` is their number. */
  moreItems?: string;
  buttons?: Button[];
  /** Small print under everything. */
  footer?: string;
  /** Drawn on the card itself, on platforms that have inputs on cards and no modals (`capabilities.modal`). */
  form?: Form;
}

export interface Fact {
  label: string;
  value: string;
}

/** One row of a list. `ordinal` is what the person may type for it. */
export interface ListItem {
  ordinal?: number;
  title: string;
  text?: string;
  url?: string;
  buttons?: Button[];
}

export type Button =
  /** Runs an action; `nonce` makes a second press harmless. */
  | { kind: 'action'; label: string; action: string; input: JsonObject; nonce: string; style?: ButtonStyle }
  /** Stands for typed text. */
  | { kind: 'command'; label: string; text: string; nonce: string; style?: ButtonStyle }
  /** Opens the action's form. `nonce` is not used up by it: it says which of our messages the button stood on. */
  | { kind: 'form'; label: string; action: string; input: JsonObject; nonce?: string; style?: ButtonStyle }
  | { kind: 'url'; label: string; url: string };

export type ButtonStyle = 'primary' | 'danger';

/** A modal, task module or card form for one action. */
export interface Form {
  action: string;
  title: string;
  /** What the form answers to besides its fields, e.g. the ticket. */
  input: JsonObject;
  fields: FormField[];
  submitLabel: string;
  nonce: string;
  /** The platform's id of the message whose card the form was opened from; brought up to date once it is submitted. */
  cardMessageId?: string;
  /** A refusal that belongs to no field. */
  error?: string;
  /** Shown at a required field that was left empty; without it the field's own label stands there. */
  requiredHint?: string;
}

export interface FormField {
  name: string;
  label: string;
  kind: 'text' | 'multiline' | 'choice' | 'toggle';
  required: boolean;
  value?: string;
  placeholder?: string;
  maxLength?: number;
  choices?: { label: string; value: string }[];
  error?: string;
}

/** One hit of a search in a compose box: `preview` in the list, `message` once it is chosen. */
export interface SearchResult {
  title: string;
  text: string;
  message: Message;
}

/** What goes back in the response to the request itself. */
export type Answer =
  /** Replaces the card that was pressed. */
  | { kind: 'card'; message: Message }
  /** Opens the form, or shows it again with errors. */
  | { kind: 'form'; form: Form }
  /** The form closes and this is shown. */
  | { kind: 'done'; message: Message }
  | { kind: 'results'; results: SearchResult[] }
  | { kind: 'preview'; message: Message }
  /** The person's own page with the bot: each message is a section of it. */
  | { kind: 'home'; sections: Message[] }
  /** Nothing was done, or nobody knows yet, as the message says. For the eyes of the person alone; no card is replaced. */
  | { kind: 'failed'; message: Message }
  /** Acknowledged, with nothing to show. */
  | { kind: 'none' }
  /** The platform is told that this is not implemented. */
  | { kind: 'unsupported' };

/** What a person gets: an answer in the response, a message after it, both, or neither. */
export interface Reply {
  answer?: Answer;
  message?: Message;
  /** Update this message of ours in place instead of posting; the platform's id. */
  updateMessageId?: string;
}

const jsonValue: z.ZodType<JsonValue> = z.json() as z.ZodType<JsonValue>;
const actionId = z.string().min(1).max(64);
const nonce = z.string().min(1).max(200);

/** What a button or form of ours carries through the platform and back; untrusted when it returns. */
export const interactionSchema = z.discriminatedUnion('do', [
  z.object({ do: z.literal('action'), action: actionId, input: z.record(z.string(), jsonValue), nonce }),
  z.object({ do: z.literal('command'), text: z.string().max(10_000), nonce }),
  z.object({
    do: z.literal('form'),
    action: actionId,
    input: z.record(z.string(), jsonValue),
    nonce: nonce.optional(),
  }),
  z.object({
    do: z.literal('submit'),
    action: actionId,
    input: z.record(z.string(), jsonValue),
    nonce,
    card: z.string().min(1).max(300).optional(),
  }),
]);
export type Interaction = z.infer<typeof interactionSchema>;

/** The whole message as plain text, for clients that draw no cards and for notifications' previews. */
export function toPlainText(message: Message): string {
  const lines = [message.title];
  if (message.text) lines.push(message.text);
  for (const fact of message.facts ?? []) lines.push(`${fact.label}: ${fact.value}`);
  for (const item of message.items ?? []) {
    const ordinal = item.ordinal === undefined ? '-' : `${item.ordinal}.`;
    lines.push(`${ordinal} ${item.title}${item.text ? ` (${item.text})` : ''}`);
  }
  if (message.footer) lines.push(message.footer);
  return lines.join('\n');
}
