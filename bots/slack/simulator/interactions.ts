/** Builders of the slash commands and interactions that Slack sends to an app, in the shape it sends them. */
import type { JsonObject } from '../../../src/kernel/canonical-json.ts';
import { typedText } from './mrkdwn.ts';
import { messageOf, viewOf } from './objects.ts';
import type { OracleMessage } from './oracle.ts';
import type { FoundButton } from './read-card.ts';
import type { View } from './views.ts';
import type { Scene, SlackConversation } from './world.ts';

/** What comes with an interaction besides the gesture itself. */
export interface Handles {
  triggerId: string;
  responseUrl: string;
}

/** The form of a slash command; https://docs.slack.dev/interactivity/implementing-slash-commands */
export function commandForm(scene: Scene, text: string, handles: Handles, command = '/desk'): string {
  const { installation, person, conversation, team } = scene;
  const { enterprise } = installation;
  return new URLSearchParams({
    token: 'retired-verification-token',
    team_id: team.id,
    team_domain: team.domain,
    channel_id: conversation.id,
    channel_name: nameOf(conversation),
    user_id: person.platformUserId,
    user_name: person.key,
    command,
    text: typedText(text),
    api_app_id: installation.appId,
    is_enterprise_install: String(enterprise !== null),
    ...(enterprise === null ? {} : { enterprise_id: enterprise.id, enterprise_name: enterprise.name }),
    response_url: handles.responseUrl,
    trigger_id: handles.triggerId,
  }).toString();
}

/** The form in which an interaction's payload travels. */
export function interactionForm(payload: JsonObject): string {
  return new URLSearchParams({ payload: JSON.stringify(payload) }).toString();
}

/** The press of a button of a message; https://docs.slack.dev/reference/interaction-payloads/block_actions-payload */
export function messagePress(
  scene: Scene,
  message: OracleMessage,
  button: FoundButton,
  handles: Handles,
  actionTs: string,
): JsonObject {
  const isEphemeral = message.onlyFor !== null;
  return {
    ...interaction(scene, 'block_actions'),
    container: {
      type: 'message',
      message_ts: message.ts,
      channel_id: message.conversationId,
      is_ephemeral: isEphemeral,
      ...(message.threadTs === null ? {} : { thread_ts: message.threadTs }),
    },
    trigger_id: handles.triggerId,
    channel: { id: scene.conversation.id, name: nameOf(scene.conversation) },
    // Slack keeps no copy of an ephemeral message that it could send along.
    ...(isEphemeral ? {} : { message: messageOf(scene.installation, message) }),
    state: { values: {} },
    response_url: handles.responseUrl,
    actions: [actionOf(button, actionTs)],
  };
}

/** The press of a button in a modal or on the App Home page. */
export function viewPress(
  scene: Scene,
  view: View,
  button: FoundButton,
  triggerId: string,
  actionTs: string,
): JsonObject {
  return {
    ...interaction(scene, 'block_actions'),
    container: { type: 'view', view_id: view.id },
    trigger_id: triggerId,
    view: viewOf(scene.installation, view),
    actions: [actionOf(button, actionTs)],
  };
}

/** A shortcut from the menu of the whole app. */
export function globalShortcut(scene: Scene, callbackId: string, triggerId: string, ts: string): JsonObject {
  return { ...interaction(scene, 'shortcut'), callback_id: callbackId, trigger_id: triggerId, action_ts: ts };
}

/** A shortcut from the menu of a message. */
export function messageShortcut(
  scene: Scene,
  callbackId: string,
  message: OracleMessage,
  handles: Handles,
  actionTs: string,
): JsonObject {
  return {
    ...interaction(scene, 'message_action'),
    callback_id: callbackId,
    trigger_id: handles.triggerId,
    response_url: handles.responseUrl,
    message_ts: message.ts,
    channel: { id: scene.conversation.id, name: nameOf(scene.conversation) },
    message: messageOf(scene.installation, message),
    action_ts: actionTs,
  };
}

/** A filled modal; https://docs.slack.dev/reference/interaction-payloads/view-interactions-payload */
export function viewSubmission(scene: Scene, view: View, state: JsonObject, triggerId: string): JsonObject {
  return {
    ...interaction(scene, 'view_submission'),
    trigger_id: triggerId,
    view: { ...viewOf(scene.installation, view), state: { values: state } },
    response_urls: [],
  };
}

/** A modal that was left; sent for those with `notify_on_close`. */
export function viewClosed(scene: Scene, view: View, isCleared = false): JsonObject {
  return {
    ...interaction(scene, 'view_closed'),
    view: viewOf(scene.installation, view),
    is_cleared: isCleared,
  };
}

/** What every interaction says of who acts, where. */
function interaction(scene: Scene, type: string): JsonObject {
  const { installation, person, team } = scene;
  const { enterprise } = installation;
  const under = enterprise === null ? {} : { enterprise_id: enterprise.id, enterprise_name: enterprise.name };
  return {
    type,
    user: { id: person.platformUserId, username: person.key, name: person.key, team_id: team.id },
    api_app_id: installation.appId,
    token: 'retired-verification-token',
    team: { id: team.id, domain: team.domain, ...under },
    enterprise: enterprise === null ? null : { id: enterprise.id, name: enterprise.name },
    is_enterprise_install: enterprise !== null,
  };
}

/** The name of a conversation in payloads; that of a group begins as all of theirs do. */
function nameOf({ kind, name }: SlackConversation): string {
  return kind === 'group' ? `mpdm-${name}-1` : name;
}

function actionOf({ element, blockId }: FoundButton, actionTs: string): JsonObject {
  const { action_id, text, value, style } = element;
  return {
    action_id: action_id ?? 'made-up',
    block_id: blockId,
    text,
    ...(value === undefined ? {} : { value }),
    ...(style === undefined ? {} : { style }),
    type: 'button',
    action_ts: actionTs,
  };
}
