/** The Slack manifest: Slack's own type at compile time, its published limits, and YAML that says the same as JSON. */
import type { Manifest } from '@slack/web-api/dist/types/request/manifest.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import {
  manifestLimits as limits,
  slackManifest,
  slackManifestJson,
} from '../../../../bots/slack/manifest.ts';
import { botEvents, botScopes } from '../../../../bots/slack/scopes.ts';
import { toYaml } from '../../../../bots/slack/yaml.ts';
import { appSpec } from '../../../../manifests/app-spec.ts';
import type { ManifestRequest } from '../../../../src/kernel/app-spec.ts';
import type { JsonValue } from '../../../../src/kernel/canonical-json.ts';

const request: ManifestRequest = {
  spec: appSpec(),
  registration: { registrationId: 'reg-1', appId: 'A1', organization: 'T1', options: {} },
  publicUrl: 'https://desk.example.com/',
};
const json = slackManifestJson(request);
const manifest = json as unknown as Manifest;
const events = 'https://desk.example.com/slack/events/reg-1';

describe('the manifest', () => {
  it('asks for scopes and events that Slack knows', () => {
    const known = { oauth_config: { scopes: { bot: [...botScopes] } } } satisfies Partial<Manifest>;
    const heard = { event_subscriptions: { bot_events: [...botEvents] } } satisfies Manifest['settings'];
    expect(manifest.oauth_config?.scopes).toEqual(known.oauth_config.scopes);
    expect(manifest.settings?.event_subscriptions?.bot_events).toEqual(heard.event_subscriptions.bot_events);
    expect(new Set(botScopes).size).toBe(botScopes.length);
  });

  it('is told of its own messages alone, by their metadata', () => {
    expect(manifest.settings?.event_subscriptions?.metadata_subscriptions).toEqual([
      { app_id: request.registration.appId, event_type: 'deskbridge_message' },
    ]);
    expect(botEvents).toContain('message_metadata_posted');
    expect(botScopes).toContain('metadata.message:read');
  });

  it('sends everything to the address with the registration', () => {
    expect(manifest.settings).toMatchObject({
      event_subscriptions: { request_url: events },
      interactivity: { is_enabled: true, request_url: events },
      org_deploy_enabled: true,
      socket_mode_enabled: false,
      token_rotation_enabled: true,
    });
    expect(manifest.features?.slash_commands).toMatchObject([{ command: '/desk', url: events }]);
    expect(manifest.oauth_config?.redirect_urls).toEqual(['https://desk.example.com/oauth/slack/callback']);
  });

  it('opens both tabs of the App Home, and lets people write', () => {
    expect(manifest.features?.app_home).toEqual({
      home_tab_enabled: true,
      messages_tab_enabled: true,
      messages_tab_read_only_enabled: false,
    });
  });

  it('has the shortcuts that the adapter answers', () => {
    const shortcuts = manifest.features?.shortcuts?.map(({ type, callback_id }) => [type, callback_id]);
    expect(shortcuts).toEqual([
      ['global', 'create_ticket'],
      ['message', 'create_ticket_from_message'],
      ['message', 'update_from_message'],
    ]);
  });

  it("keeps to Slack's limits", () => {
    const { display_information: about, features } = manifest;
    expect(about.name.length).toBeLessThanOrEqual(limits.name);
    expect(about.description?.length).toBeLessThanOrEqual(limits.description);
    expect(about.long_description?.length).toBeGreaterThanOrEqual(limits.longDescription.min);
    expect(about.long_description?.length).toBeLessThanOrEqual(limits.longDescription.max);
    expect(about.background_color).toMatch(/^#[0-9a-f]{6}$/);
    expect(features?.bot_user?.display_name).toMatch(/^[a-z0-9._-]{1,80}$/);
    for (const type of ['global', 'message']) {
      const ofKind = features?.shortcuts?.filter((shortcut) => shortcut.type === type) ?? [];
      expect(ofKind.length).toBeLessThanOrEqual(limits.shortcuts);
    }
    for (const { name, description, callback_id } of features?.shortcuts ?? []) {
      expect(name.length, name).toBeLessThanOrEqual(limits.shortcutName);
      expect(description.length, description).toBeLessThanOrEqual(limits.shortcutDescription);
      expect(callback_id.length).toBeLessThanOrEqual(limits.callbackId);
    }
    for (const { command, description, usage_hint } of features?.slash_commands ?? []) {
      expect(command).toMatch(/^\/[a-z0-9_-]{1,31}$/);
      expect(description.length).toBeLessThanOrEqual(limits.commandDescription);
      expect(usage_hint?.length).toBeLessThanOrEqual(limits.usageHint);
    }
  });

  it('says the same as YAML', () => {
    const files = slackManifest(request);
    expect(files.map(({ format }) => format)).toEqual(['json', 'yaml']);
    const [asJson, asYaml] = files.map(({ body }) => String(body));
    expect(JSON.parse(asJson ?? '')).toEqual(json);
    expect(parse(asYaml ?? '')).toEqual(json);
  });
});

describe('YAML', () => {
  it.each([
    'yes',
    'Null',
    '~',
    '',
    ' x',
    'a: b',
    'a #b',
    '- a',
    '#1f5fbf',
    '1.5',
    'x:',
    '"',
    'a\nb',
    '\u0085\u2028',
    '工单',
  ])('keeps the text %j', (text) => {
    const value = { text, list: [text], key: { [text]: [] } };
    for (const version of ['1.1', '1.2'] as const) expect(parse(toYaml(value), { version })).toEqual(value);
  });

  it('of any JSON value reads as that value', () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
        const expected = JSON.parse(JSON.stringify(value));
        expect(parse(toYaml(expected as JsonValue))).toEqual(expected);
      }),
    );
  });
});
