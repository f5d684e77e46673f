/** What each invoke of Teams asks for; every family comes to the one endpoint and each needs an answer. */
import { z } from 'zod';
import type { Intent, SourceMessage, Surface } from '../../src/kernel/activity.ts';
import { isObject } from '../shared/json.ts';
import { intentOfData } from './interaction.ts';
import { htmlToText } from './message-text.ts';

/** Commands of the message extension, as the manifest names them. */
export const extensionCommands = {
  searchRecords: 'searchRecords',
  createTicketFromMessage: 'createTicketFromMessage',
  updateFromMessage: 'updateFromMessage',
  createTicket: 'createTicket',
} as const;

/** The form that each action command opens. From the compose box it is the quick action's form, there is no message. */
const formCommands = new Map<string, { action: string; surface: Surface }>([
  [
    extensionCommands.createTicketFromMessage,
    { action: 'create_ticket_from_message', surface: 'message_extension' },
  ],
  [extensionCommands.updateFromMessage, { action: 'update_from_message', surface: 'message_extension' }],
  [extensionCommands.createTicket, { action: 'create_ticket', surface: 'quick_action' }],
]);

/** Names that Teams sends; any other counts as `unknown`, since the name becomes a metric label. */
const knownInvokes = new Set([
  'composeExtension/query',
  'composeExtension/selectItem',
  'composeExtension/fetchTask',
  'composeExtension/submitAction',
  'composeExtension/queryLink',
  'composeExtension/anonymousQueryLink',
  'composeExtension/querySettingUrl',
  'composeExtension/setting',
  'composeExtension/onCardButtonClicked',
  'task/fetch',
  'task/submit',
  'adaptiveCard/action',
  'signin/verifyState',
  'signin/tokenExchange',
  'signin/failure',
  'fileConsent/invoke',
  'actionableMessage/executeAction',
  'message/submitAction',
  'message/fetchTask',
  'handoff/action',
  'config/fetch',
  'config/submit',
  'tab/fetch',
  'tab/submit',
]);

const maxSourceLength = 10_000;
const maxPage = 25;

const querySchema = z.object({
  commandId: z.string().catch(''),
  parameters: z.array(z.unknown()).catch([]),
  queryOptions: z.object({ skip: z.number().catch(0), count: z.number().catch(maxPage) }).catch({
    skip: 0,
    count: maxPage,
  }),
});
const parameterSchema = z.object({ name: z.string(), value: z.string() });
const messageSchema = z.object({
  subject: z.string().catch(''),
  body: z
    .object({ contentType: z.string().catch('html'), content: z.string().catch('') })
    .catch({ contentType: 'text', content: '' }),
  from: z
    .object({
      user: z
        .object({ displayName: z.string().max(300) })
        .nullish()
        .catch(null),
      application: z
        .object({ displayName: z.string().max(300) })
        .nullish()
        .catch(null),
    })
    .nullish()
    .catch(null),
  linkToMessage: z.string().max(2000).nullish().catch(null),
});

/** What an invoke asks for. Never throws; whatever is not understood is `unsupported`, and answered as such. */
export function intentOfInvoke(name: string | undefined, value: unknown): Intent {
  const label = name !== undefined && knownInvokes.has(name) ? name : 'unknown';
  return understood(label, isObject(value) ? value : {}) ?? { kind: 'unsupported', name: label };
}

function understood(name: string, value: Record<string, unknown>): Intent | null {
  switch (name) {
    case 'composeExtension/query':
      return search(value);
    case 'composeExtension/queryLink':
      return typeof value.url === 'string' ? { kind: 'unfurl', url: value.url.slice(0, 2000) } : null;
    case 'composeExtension/fetchTask':
      return openForm(value);
    case 'composeExtension/submitAction':
      return submitExtension(value);
    case 'composeExtension/selectItem':
      return intentOfData(value, 'message_extension', null);
    case 'task/fetch':
    case 'task/submit':
      return intentOfData(value.data, 'quick_action', null);
    case 'adaptiveCard/action':
      return isObject(value.action) ? intentOfData(value.action.data, 'quick_action', null) : null;
    default:
      return null;
  }
}

/** Search as the person types; the first request of a session comes without text (`initialRun`). */
function search(value: unknown): Intent | null {
  const query = querySchema.parse(value);
  if (query.commandId !== extensionCommands.searchRecords) return null;
  const parameters = query.parameters.slice(0, 10).flatMap((raw) => {
    const parameter = parameterSchema.safeParse(raw);
    return parameter.success ? [parameter.data] : [];
  });
  const text = parameters.find((parameter) => parameter.name !== 'initialRun')?.value ?? '';
  const { skip, count } = query.queryOptions;
  return {
    kind: 'search',
    text: text.trim(),
    skip: clamp(skip, 0, 10_000),
    count: clamp(count, 1, maxPage),
  };
}

function openForm(value: Record<string, unknown>): Intent | null {
  const command = typeof value.commandId === 'string' ? formCommands.get(value.commandId) : undefined;
  if (command === undefined) return null;
  const source = value.messagePayload === undefined ? null : sourceOf(value.messagePayload);
  return { kind: 'open_form', action: command.action, input: {}, surface: command.surface, source };
}

/** A filled form; one whose data is not ours opens the form anew, so that the person can send it again. */
function submitExtension(value: Record<string, unknown>): Intent | null {
  if (value.botMessagePreviewAction !== undefined) return null;
  const command = typeof value.commandId === 'string' ? formCommands.get(value.commandId) : undefined;
  const intent = intentOfData(value.data, command?.surface ?? 'message_extension', null);
  return intent ?? openForm(value);
}

/** The message that an action command was started from. */
function sourceOf(payload: unknown): SourceMessage | null {
  const message = messageSchema.safeParse(payload);
  if (!message.success) return null;
  const { body, from, subject, linkToMessage } = message.data;
  const text = body.contentType === 'text' ? body.content.trim() : htmlToText(body.content);
  const author = from?.user?.displayName ?? from?.application?.displayName ?? null;
  const url =
    linkToMessage !== null && linkToMessage !== undefined && isHttps(linkToMessage) ? linkToMessage : null;
  return { text: (text === '' ? subject : text).slice(0, maxSourceLength), authorName: author, url };
}

function isHttps(text: string): boolean {
  return URL.canParse(text) && new URL(text).protocol === 'https:';
}

function clamp(value: number, min: number, max: number): number {
  return Math.min(Math.max(Math.trunc(Number.isFinite(value) ? value : min), min), max);
}
