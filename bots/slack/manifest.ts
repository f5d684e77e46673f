/** The manifest from which Slack makes or changes the app, as JSON and as YAML. */
import {
  type AppTexts,
  type ManifestFile,
  type ManifestRequest,
  publicAddress,
} from '../../src/kernel/app-spec.ts';
import type { JsonObject } from '../../src/kernel/canonical-json.ts';
import { metadataType } from './metadata.ts';
import { botEvents, botScopes } from './scopes.ts';
import { toYaml } from './yaml.ts';

/** Lengths that Slack takes (https://docs.slack.dev/reference/app-manifest). */
export const manifestLimits = {
  name: 35,
  description: 140,
  longDescription: { min: 175, max: 4000 },
  botName: 80,
  command: 32,
  commandDescription: 2000,
  usageHint: 1000,
  shortcutName: 24,
  shortcutDescription: 150,
  callbackId: 255,
  /** Of a kind: global, message. */
  shortcuts: 5,
} as const;

/** The manifest of a registration's app; Slack has one language for it. Pure. */
export function slackManifest(request: ManifestRequest): ManifestFile[] {
  const manifest = slackManifestJson(request);
  return [
    {
      format: 'json',
      contentType: 'application/json',
      filename: 'deskbridge-slack.json',
      body: `${JSON.stringify(manifest, null, 2)}\n`,
    },
    {
      format: 'yaml',
      contentType: 'application/yaml',
      filename: 'deskbridge-slack.yaml',
      body: toYaml(manifest),
    },
  ];
}

/** The manifest as Slack's API takes it. */
export function slackManifestJson({ spec, registration, publicUrl }: ManifestRequest): JsonObject {
  const { texts } = spec;
  // With the id: Slack's check of the address names no app by which the secret could be found.
  const events = publicAddress(publicUrl, `/slack/events/${registration.registrationId}`);
  return {
    display_information: {
      name: texts.name,
      description: texts.summary,
      long_description: texts.description,
      background_color: spec.accentColor,
    },
    features: {
      app_home: {
        home_tab_enabled: true,
        messages_tab_enabled: true,
        messages_tab_read_only_enabled: false,
      },
      // Lower case: Slack takes letters, digits, dash, underscore and full stop.
      bot_user: { display_name: texts.name.toLowerCase(), always_online: true },
      shortcuts: shortcutsOf(texts),
      slash_commands: [
        {
          command: spec.slashCommand,
          url: events,
          description: texts.slashCommand.text,
          usage_hint: texts.slashCommand.hint,
          should_escape: false,
        },
      ],
    },
    oauth_config: {
      redirect_urls: [publicAddress(publicUrl, '/oauth/slack/callback')],
      scopes: { bot: [...botScopes] },
    },
    settings: {
      event_subscriptions: {
        request_url: events,
        bot_events: [...botEvents],
        // Of our own messages alone (https://docs.slack.dev/messaging/message-metadata).
        metadata_subscriptions: [{ app_id: registration.appId, event_type: metadataType }],
      },
      interactivity: { is_enabled: true, request_url: events },
      org_deploy_enabled: true,
      socket_mode_enabled: false,
      token_rotation_enabled: true,
    },
  };
}

function shortcutsOf({ gestures }: AppTexts): JsonObject[] {
  const shortcut = (type: 'global' | 'message', gesture: keyof typeof gestures): JsonObject => ({
    name: gestures[gesture].title,
    type,
    callback_id: gesture,
    description: gestures[gesture].text,
  });
  return [
    shortcut('global', 'create_ticket'),
    shortcut('message', 'create_ticket_from_message'),
    shortcut('message', 'update_from_message'),
  ];
}
