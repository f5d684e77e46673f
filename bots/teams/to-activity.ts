/** Translation of a verified Teams payload into our own activity: pure, and never throwing, whatever the shape. */
import { createHash } from 'node:crypto';
import type { Activity, Intent } from '../../src/kernel/activity.ts';
import type { JsonObject } from '../../src/kernel/canonical-json.ts';
import type { Translation } from '../../src/kernel/platform.ts';
import { addedMembers, type Envelope, isBot, lastReadMessage, mentionsOf, readEnvelope } from './envelope.ts';
import { intentOfData } from './interaction.ts';
import { intentOfInvoke } from './invokes.ts';
import { typedText } from './message-text.ts';
import { personOf, toReference } from './reference.ts';

const maxKeyLength = 200;

/** Types that need no handling, with the metric label that they are counted under. */
const ignoredTypes = new Map([
  ['messageUpdate', 'edit'],
  ['messageDelete', 'deletion'],
  ['messageReaction', 'reaction'],
  ['typing', 'typing'],
  ['endOfConversation', 'end_of_conversation'],
]);

/**
 * The activity that a verified payload stands for. Refused, with a metric label, when its two organization fields do
 * not both name the same one, or when a request that has to be deduplicated has no id.
 */
export function toActivity(payload: JsonObject, appId: string): Translation {
  const envelope = readEnvelope(payload);
  const organization = envelope.channelData?.tenant?.id?.toLowerCase();
  const conversationOrganization = envelope.conversation?.tenantId?.toLowerCase();
  if (organization === undefined || conversationOrganization === undefined) {
    return { ok: false, reason: 'organization_missing' };
  }
  // The token names no organization, so that the body's two statements must at least agree.
  if (organization !== conversationOrganization) return { ok: false, reason: 'organization_mismatch' };
  const intent = intentOf(envelope, appId);
  const eventKey = intent.kind === 'ignored' ? null : eventKeyOf(envelope);
  if (intent.kind !== 'ignored' && eventKey === null) return { ok: false, reason: 'id_missing' };
  const isInvoke = envelope.type === 'invoke';
  if (isInvoke && envelope.name === undefined) return { ok: false, reason: 'name_missing' };
  const activity: Activity = {
    platform: 'teams',
    appId,
    organization,
    eventKeys: eventKey === null ? [] : [eventKey],
    reference: isBot(envelope.from) ? null : toReference(envelope, organization),
    person: personOf(envelope),
    messageId: envelope.type === 'message' ? (envelope.id ?? null) : null,
    cardMessageId: usesCard(intent) ? (envelope.replyToId ?? null) : null,
    replyBy: isInvoke ? 'answer' : 'message',
    intent,
  };
  if (isInvoke && envelope.name !== undefined) activity.invoke = envelope.name;
  return { ok: true, activity };
}

function intentOf(envelope: Envelope, appId: string): Intent {
  switch (envelope.type) {
    case 'message':
      return intentOfMessage(envelope, appId);
    case 'invoke':
      return intentOfInvoke(envelope.name, envelope.value);
    case 'installationUpdate':
      return intentOfInstallation(envelope.action);
    case 'conversationUpdate': {
      const ids = botIds(envelope, appId);
      const added = addedMembers(envelope).some((id) => ids.includes(id));
      return added ? { kind: 'installed' } : { kind: 'ignored', reason: 'conversation_update' };
    }
    case 'event':
      return intentOfEvent(envelope);
    default:
      return { kind: 'ignored', reason: ignoredTypes.get(envelope.type ?? '') ?? 'other' };
  }
}

/** Typed text, or the data of an Action.Submit, which Teams sends as a message with a value. */
function intentOfMessage(envelope: Envelope, appId: string): Intent {
  if (isBot(envelope.from)) return { kind: 'ignored', reason: 'bot' };
  const { value } = envelope;
  if (typeof value === 'object' && value !== null) {
    const intent = intentOfData(value, 'quick_action', null);
    if (intent !== null) return intent;
    if (envelope.text === undefined) return { kind: 'unsupported', name: 'card' };
  }
  const text = typedText(
    envelope.text ?? '',
    envelope.textFormat,
    mentionsOf(envelope),
    botIds(envelope, appId),
  );
  return { kind: 'command', text, source: null };
}

/** A read receipt is evidence; no other event is for us. */
function intentOfEvent(envelope: Envelope): Intent {
  const readUpTo = lastReadMessage(envelope);
  if (readUpTo === null || isBot(envelope.from)) return { kind: 'ignored', reason: 'event' };
  return { kind: 'evidence', of: 'read', tokens: [], messageIds: [], readUpTo };
}

/** `-upgrade`: the new version of the app brought the bot along, or left it out. */
function intentOfInstallation(action: string | undefined): Intent {
  switch (action) {
    case 'add':
    case 'add-upgrade':
      return { kind: 'installed' };
    case 'remove':
    case 'remove-upgrade':
      return { kind: 'uninstalled' };
    default:
      return { kind: 'ignored', reason: 'installation_update' };
  }
}

function botIds(envelope: Envelope, appId: string): string[] {
  const recipient = envelope.recipient?.id;
  return recipient === undefined ? [`28:${appId}`] : [`28:${appId}`, recipient];
}

function usesCard(intent: Intent): boolean {
  return ['press', 'press_command', 'open_form', 'submit_form'].includes(intent.kind);
}

/**
 * Activity ids are unique only inside a conversation, and there only per type. A read receipt is the same whenever the
 * same person read up to the same message, whatever id it came with.
 */
function eventKeyOf(envelope: Envelope): string | null {
  const { type, conversation } = envelope;
  const read = lastReadMessage(envelope);
  const id = read === null ? envelope.id : `${personOf(envelope)?.platformUserId ?? ''}|${read}`;
  if (id === undefined || type === undefined || conversation?.id === undefined) return null;
  const key = `${conversation.id}|${type}|${id}`;
  return key.length <= maxKeyLength ? key : `sha256:${createHash('sha256').update(key).digest('hex')}`;
}
