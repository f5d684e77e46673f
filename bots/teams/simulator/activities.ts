/** Builders of the activities and invokes that Teams sends to a bot, in the shape it sends them. */
import { randomUUID } from 'node:crypto';
import type { JsonObject, JsonValue } from '../../../src/kernel/canonical-json.ts';
import type { SimulatedConversation, SimulatedPerson } from './people.ts';

/** Who speaks where, and to which bot. */
export interface Scene {
  person: SimulatedPerson;
  conversation: SimulatedConversation;
  appId: string;
  botName: string;
  organization: string;
  serviceUrl: string;
}

let lastId = 0;

/** Ids of messages are times in milliseconds; each is given once, however fast they come. */
export function nextMessageId(): string {
  lastId = Math.max(Date.now(), lastId + 1);
  return String(lastId);
}

/** A typed message; in groups and channels it mentions the bot, since only such messages reach one. */
export function messageActivity(scene: Scene, text: string, fields: JsonObject = {}): JsonObject {
  const id = nextMessageId();
  const activity = envelope(scene, 'message', id);
  if (scene.conversation.type === 'personal') return { ...activity, textFormat: 'plain', text, ...fields };
  const at = `<at>${scene.botName}</at>`;
  const mention = {
    type: 'mention',
    text: at,
    mentioned: { id: `28:${scene.appId}`, name: scene.botName },
  };
  return {
    ...activity,
    textFormat: 'plain',
    text: `${at} ${text}`,
    entities: [mention, ...(activity.entities as JsonValue[])],
    ...fields,
  };
}

/** A request that waits for its answer. */
export function invokeActivity(
  scene: Scene,
  name: string,
  value: JsonObject,
  fields: JsonObject = {},
): JsonObject {
  return { ...envelope(scene, 'invoke', `f:${randomUUID()}`), name, value, ...fields };
}

/** The data of a plain Action.Submit: a message with a value and without text. */
export function submitActivity(scene: Scene, value: JsonObject, cardMessageId: string): JsonObject {
  return { ...envelope(scene, 'message', nextMessageId()), value, replyToId: cardMessageId };
}

export function installationActivity(
  scene: Scene,
  action: 'add' | 'remove' | 'add-upgrade' | 'remove-upgrade',
): JsonObject {
  return { ...envelope(scene, 'installationUpdate', `f:${randomUUID()}`), action };
}

/** The conversationUpdate that comes beside an installation: the bot joined. */
export function botAddedActivity(scene: Scene): JsonObject {
  return {
    ...envelope(scene, 'conversationUpdate', `f:${randomUUID()}`),
    membersAdded: [{ id: `28:${scene.appId}`, name: scene.botName }],
  };
}

/** A person's client has shown everything up to this message. */
export function readReceiptActivity(scene: Scene, lastReadMessageId: string): JsonObject {
  return {
    ...envelope(scene, 'event', nextMessageId()),
    name: 'application/vnd.microsoft.readReceipt',
    value: { lastReadMessageId },
  };
}

/** Any other activity of a type, with fields of its own. */
export function otherActivity(scene: Scene, type: string, fields: JsonObject = {}): JsonObject {
  return { ...envelope(scene, type, nextMessageId()), ...fields };
}

function envelope(scene: Scene, type: string, id: string): JsonObject {
  const { person, conversation, organization } = scene;
  const now = new Date().toISOString();
  return {
    type,
    id,
    timestamp: now,
    localTimestamp: now,
    channelId: 'msteams',
    serviceUrl: scene.serviceUrl,
    from: { id: person.id, name: person.name, aadObjectId: person.aadObjectId },
    recipient: { id: `28:${scene.appId}`, name: scene.botName },
    conversation: conversationOf(conversation, organization, id),
    channelData: channelDataOf(conversation, organization),
    entities: [
      { type: 'clientInfo', locale: 'en-US', country: 'US', platform: 'Web', timezone: 'Europe/Berlin' },
    ],
    locale: 'en-US',
  };
}

function conversationOf(
  conversation: SimulatedConversation,
  organization: string,
  messageId: string,
): JsonObject {
  const common = { conversationType: conversation.type, tenantId: organization };
  if (conversation.type === 'personal') return { ...common, id: conversation.id };
  if (conversation.type === 'groupChat') return { ...common, isGroup: true, id: conversation.id };
  const thread = conversation.threadId ?? messageId;
  return { ...common, isGroup: true, id: `${conversation.id};messageid=${thread}` };
}

function channelDataOf(conversation: SimulatedConversation, organization: string): JsonObject {
  const tenant = { id: organization };
  if (conversation.type !== 'channel') return { tenant };
  return {
    tenant,
    teamsChannelId: conversation.id,
    channel: { id: conversation.id },
    team: { id: conversation.teamId, aadGroupId: conversation.groupId },
  };
}
