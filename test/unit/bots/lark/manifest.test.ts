/** The Lark configuration: what a person enters, complete and in the console's own form. */
import { describe, expect, it } from 'vitest';
import { larkManifest, larkManifestJson, menuLimits } from '../../../../bots/lark/manifest.ts';
import { callbacks, events, storeEvents, tenantScopes } from '../../../../bots/lark/scopes.ts';
import { appSpec } from '../../../../manifests/app-spec.ts';
import type { ManifestRequest } from '../../../../src/kernel/app-spec.ts';

const request: ManifestRequest = {
  spec: appSpec(),
  registration: { registrationId: 'reg-1', appId: 'cli_1', organization: 'key', options: { domain: 'lark' } },
  publicUrl: 'https://desk.example.com',
};
const json = larkManifestJson(request);

interface Entry {
  name: Record<string, string>;
  event_key?: string;
  entries?: Entry[];
}
const menu = (json.bot_menu as unknown as { entries: Entry[] }).entries;

describe('the configuration', () => {
  it('sends events and callbacks to the address with the registration', () => {
    const request_url = 'https://desk.example.com/lark/events/reg-1';
    expect(json.events).toMatchObject({ request_url, subscribe: events });
    expect(json.callbacks).toMatchObject({ request_url, subscribe: callbacks });
  });

  it("leads to the console of the registration's domain", () => {
    const feishu = { ...request.registration, options: { domain: 'feishu' } };
    expect(json.console).toBe('https://open.larksuite.com/app/cli_1');
    expect(larkManifestJson({ ...request, registration: feishu }).console).toBe(
      'https://open.feishu.cn/app/cli_1',
    );
  });

  it('tells an app of the store what such apps are told besides', () => {
    const isv = { ...request.registration, options: { app_type: 'isv' } };
    expect(larkManifestJson({ ...request, registration: isv }).events).toMatchObject({
      subscribe: [...events, ...storeEvents],
    });
  });

  it("lists permissions in the form of the console's import", () => {
    expect(json.permissions).toMatchObject({ import: { scopes: { tenant: tenantScopes, user: [] } } });
    expect(new Set(tenantScopes).size).toBe(tenantScopes.length);
  });

  it('has a menu of the size that Lark takes, with a name in each language', () => {
    expect(menu.length).toBeLessThanOrEqual(menuLimits.entries);
    const all = menu.flatMap((entry) => [entry, ...(entry.entries ?? [])]);
    for (const { name, event_key = '', entries = [] } of all) {
      expect(Object.keys(name)).toEqual(['en', 'zh-CN']);
      expect(event_key.length).toBeLessThanOrEqual(menuLimits.eventKey);
      expect(entries.length).toBeLessThanOrEqual(menuLimits.subentries);
      expect(event_key === '').toBe(entries.length > 0);
    }
    const keys = all.flatMap(({ event_key }) => event_key ?? []);
    expect(keys.sort()).toEqual(['create_ticket', 'help', 'my_approvals', 'my_tickets']);
  });

  it('is one JSON file', () => {
    const [file, ...others] = larkManifest(request);
    expect(others).toEqual([]);
    expect(JSON.parse(String(file?.body))).toEqual(json);
  });
});
