/** Buttons and forms on cards, which come back as a callback that is answered in its response. */
import { z } from 'zod';
import type { JsonObject } from '../../src/kernel/canonical-json.ts';
import { intentOfInteraction, interactionKey } from '../shared/interaction.ts';
import { isObject } from '../shared/json.ts';
import type { Draft } from './draft.ts';
import { personOf, text } from './envelope.ts';
import { conversationType, toReference } from './reference.ts';

/** Name of the callback; apps of before 2024 may get `card.action.trigger_v1` too, which is neither signed like it nor read. */
export const cardCallback = 'card.action.trigger';

const contextSchema = z.object({ open_message_id: text(200), open_chat_id: text(200) });
const actionSchema = z.object({
  value: z.unknown().optional(),
  /** Name of the element. */
  name: text(200),
  /** What the fields of a form hold, by name. */
  form_value: z.unknown().optional(),
  /** What an element that stands in no form holds: an input's text, a menu's choice, a checker's state. */
  input_value: z.string().optional().catch(undefined),
  option: z.string().optional().catch(undefined),
  checked: z.boolean().optional().catch(undefined),
});

/**
 * `card.action.trigger`. The callback does not tell whether its chat is personal or a group: our buttons carry that.
 * Sources: https://open.feishu.cn/document/feishu-cards/card-callback-communication and, for forms,
 * https://open.feishu.cn/document/feishu-cards/card-json-v2-components/containers/form-container
 * @param payload the whole body: some of the documented callbacks have `context` beside `event`
 */
export function cardAction(event: JsonObject, payload: JsonObject, organization: string): Draft {
  const action = actionSchema.safeParse(event.action);
  const context = contextSchema.safeParse(event.context ?? payload.context);
  const person = personOf(event.operator);
  const { open_message_id, open_chat_id } = context.success ? context.data : {};
  const value = action.success && isObject(action.data.value) ? action.data.value : {};
  const type = conversationType(value.chat);
  const filled = action.success ? filledBy(action.data) : {};
  const read = intentOfInteraction(value[interactionKey], filled, 'quick_action', null);
  return {
    intent: read?.intent ?? { kind: 'unsupported', name: cardCallback },
    person,
    reference: toReference({ chatId: open_chat_id, type, organization }, person),
    cardMessageId: read === null ? undefined : (read.cardMessageId ?? open_message_id),
    callback: cardCallback,
  };
}

function filledBy(action: z.infer<typeof actionSchema>): JsonObject {
  if (isObject(action.form_value)) return action.form_value;
  const value = action.input_value ?? action.option ?? action.checked;
  return action.name === undefined || value === undefined ? {} : { [action.name]: value };
}
