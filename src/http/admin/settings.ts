/** What a tenant switches on: actions, surfaces, group chat, notifications, and the language of last resort. */
import { z } from 'zod';
import { surfaces } from '../../kernel/activity.ts';
import { DeskbridgeError } from '../../kernel/errors.ts';
import { categories } from '../../notify/records.ts';
import { lockSettings, readSettings, writeSettings } from '../../tenants/tenant-store.ts';
import { languages, matchLanguage } from '../../words/index.ts';
import { type ApiServices, mutationRoute, type Route, readRoute } from '../route.ts';
import { given } from './fields.ts';

/** Surfaces of actions; the admin API itself cannot be switched off. */
const switchable = z.enum(surfaces).exclude(['admin']);
const language = z.enum(languages.map(({ code }) => code));
/** Any tag that leads to a language that is offered, e.g. `zh-CN`. */
const anyLanguage = z
  .string()
  .max(35)
  .transform((tag, check) => {
    const found = matchLanguage(languages, tag);
    if (found !== null) return found.code;
    check.addIssue({ code: 'custom', message: 'a language that is offered' });
    return z.NEVER;
  });

const settings = z.object({
  allowed_actions: z.array(z.string()).nullable().describe('Mutations that may run; null: all'),
  surfaces: z.array(switchable).nullable().describe('Surfaces that are switched on; null: all'),
  group_chat: z.boolean(),
  language,
  disabled_categories: z.array(z.enum(categories)).describe('Categories of notifications that nobody gets'),
});

const path = '/v1/tenants/{tenant}/settings';
const tag = 'Settings';

export const settingsRoutes: Route[] = [
  readRoute({
    method: 'get',
    path,
    tag,
    summary: 'Read the settings',
    capability: 'settings:read',
    response: settings,
    handle: async (tx) => ({ ...(await readSettings(tx)) }),
  }),
  mutationRoute({
    method: 'patch',
    path,
    tag,
    summary: 'Change settings; what is left out stays',
    capability: 'settings:manage',
    action: 'settings.update',
    body: z
      .strictObject({
        allowed_actions: z.array(z.string().max(64)).max(200).transform(distinct).nullable(),
        surfaces: z.array(switchable).max(20).transform(distinct).nullable(),
        group_chat: z.boolean(),
        language: anyLanguage,
        disabled_categories: z.array(z.enum(categories)).max(50).transform(distinct),
      })
      .partial(),
    response: settings,
    handle: async (tx, { body, services, tenant, now }) => {
      requireMutations(services, body.allowed_actions ?? []);
      const changed = { ...(await lockSettings(tx)), ...given(body) };
      await writeSettings(tx, changed, now);
      return { body: { ...changed }, target: { kind: 'tenant', id: tenant.tenant_id } };
    },
  }),
];

/** Queries cannot be switched off. @throws DeskbridgeError validation_error */
function requireMutations(services: ApiServices, ids: readonly string[]): void {
  const fields = ids
    .map((id, index) => ({ id, path: `allowed_actions.${index}` }))
    .filter(({ id }) => services.actions.get(id)?.kind !== 'mutation')
    .map(({ path }) => ({ path, message: 'is no action that changes something' }));
  if (fields.length > 0) throw new DeskbridgeError('validation_error', { fields });
}

function distinct<Item>(items: Item[]): Item[] {
  return [...new Set(items)];
}
