/**
 * The configuration of the Lark app, page by page of the developer console.
 *
 * Lark has no manifest to import: its console takes permissions in bulk, everything else is entered by hand, and the
 * calls that create or change an app carry no request address and no keys without a person's consent.
 */
import {
  type AppTexts,
  type ManifestFile,
  type ManifestRequest,
  type MenuEntry,
  publicAddress,
} from '../../src/kernel/app-spec.ts';
import type { JsonObject } from '../../src/kernel/canonical-json.ts';
import { callbacks, events, storeEvents, tenantScopes } from './scopes.ts';

/** Sizes that the console takes. */
export const menuLimits = { entries: 3, subentries: 5, eventKey: 30 } as const;

const consoles = { feishu: 'https://open.feishu.cn', lark: 'https://open.larksuite.com' };

/** The configuration for a registration's app. Pure. */
export function larkManifest(request: ManifestRequest): ManifestFile[] {
  return [
    {
      format: 'json',
      contentType: 'application/json',
      filename: 'deskbridge-lark.json',
      body: `${JSON.stringify(larkManifestJson(request), null, 2)}\n`,
    },
  ];
}

/** In the order in which a person fills in the console; `page` says where, in the console's own words. */
export function larkManifestJson({ spec, registration, publicUrl }: ManifestRequest): JsonObject {
  const address = publicAddress(publicUrl, `/lark/events/${registration.registrationId}`);
  const origin = registration.options.domain === 'lark' ? consoles.lark : consoles.feishu;
  const told = registration.options.app_type === 'isv' ? [...events, ...storeEvents] : [...events];
  const all = [spec.texts, ...spec.translations];
  return {
    version: spec.version,
    console: `${origin}/app/${registration.appId}`,
    basic_info: {
      page: page('Credentials & Basic Info', '凭证与基础信息'),
      app_id: registration.appId,
      icon: 'manifests/teams/color.png',
      languages: Object.fromEntries(
        all.map(({ locale, name, summary }) => [locale, { name, description: summary }]),
      ),
    },
    capabilities: { page: page('Add Features', '添加应用能力'), enable: ['bot'] },
    permissions: {
      page: page('Permissions & Scopes › Batch import/export', '权限管理 › 批量导入/导出权限'),
      // In the form that the page's import takes.
      import: { scopes: { tenant: [...tenantScopes], user: [] } },
    },
    encryption: {
      page: page('Events & Callbacks › Encryption Strategy', '事件与回调 › 加密策略'),
      encrypt_key: 'required: generate one; it is the registration’s encrypt_key',
      verification_token: 'shown there; it is the registration’s verification_token',
    },
    events: {
      page: page('Events & Callbacks › Event Configuration', '事件与回调 › 事件配置'),
      subscription_mode: page('Send notifications to developer’s server', '将事件发送至开发者服务器'),
      request_url: address,
      subscribe: told,
    },
    callbacks: {
      page: page('Events & Callbacks › Callback Configuration', '事件与回调 › 回调配置'),
      subscription_mode: page('Send callbacks to developer’s server', '将回调发送至开发者服务器'),
      request_url: address,
      subscribe: [...callbacks],
    },
    bot_menu: {
      page: page('Features › Bot › Bot menu', '应用能力 › 机器人 › 机器人自定义菜单'),
      action: page('Send event', '推送事件'),
      entries: menuOf(spec.texts, spec.translations),
    },
    release: {
      page: page('Version Management & Release', '版本管理与发布'),
      availability: 'everybody who shall use the bot',
    },
  };
}

function page(en: string, zh: string): JsonObject {
  return { en, zh };
}

/** Entries with their names in every language; one that runs something has the event_key that says what. */
function menuOf(texts: AppTexts, translations: readonly AppTexts[]): JsonObject[] {
  const all = [texts, ...translations];
  return texts.menu.map((entry, index) => ({
    name: namesOf(all, (one) => one.menu[index]),
    ...('action' in entry
      ? { event_key: entry.action }
      : {
          entries: entry.entries.map(({ action }, place) => ({
            name: namesOf(all, (one) => subentry(one.menu[index], place)),
            event_key: action,
          })),
        }),
  }));
}

function subentry(entry: MenuEntry | undefined, place: number): { label: string } | undefined {
  return entry !== undefined && 'entries' in entry ? entry.entries[place] : undefined;
}

function namesOf(
  all: readonly AppTexts[],
  find: (texts: AppTexts) => { label: string } | undefined,
): JsonObject {
  return Object.fromEntries(
    all.flatMap((texts) => {
      const label = find(texts)?.label;
      return label === undefined ? [] : [[texts.locale, label]];
    }),
  );
}
