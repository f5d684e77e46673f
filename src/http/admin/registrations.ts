/** Bot installations: enrolled by an operator, or by a tenant's administrator and then approved. */
import { z } from 'zod';
import { requiredLine } from '../../actions/input-fields.ts';
import type { Transaction } from '../../infra/database.ts';
import { toPage } from '../../infra/keyset.ts';
import type { JsonObject } from '../../kernel/canonical-json.ts';
import { DeskbridgeError } from '../../kernel/errors.ts';
import type { BotPlatform } from '../../kernel/platform.ts';
import {
  addRegistration,
  approveRegistration,
  changeRegistration,
  type RegistrationActor,
  retireRegistration,
} from '../../registrations/change-registration.ts';
import { installUrl } from '../../registrations/install-links.ts';
import type { Registration } from '../../registrations/registration.ts';
import {
  listRegistrations,
  type RegistrationRow,
  readRegistration,
} from '../../registrations/registration-store.ts';
import {
  type ApiServices,
  found,
  id,
  idIn,
  instant,
  listOf,
  mutationRoute,
  noBody,
  type Principal,
  pageQuery,
  type Route,
  readRoute,
  toPageRequest,
} from '../route.ts';
import { given } from './fields.ts';
import {
  checkCredentials,
  checkIds,
  checkLimits,
  checkOptions,
  checkScope,
  countRejection,
  findPlatform,
  limits,
} from './registration-fields.ts';

const status = z.enum(['pending', 'active', 'retired']);

const registration = z
  .looseObject({
    registration_id: id,
    platform: z.string(),
    name: z.string(),
    app_id: z.string(),
    organization: z.string(),
    status,
    created_at: instant,
    updated_at: instant,
    install_url: z
      .url()
      .optional()
      .describe('Where an administrator of the organization installs the app, also once more'),
  })
  .describe("With the platform's own options, such as app_type; credentials never come back");

type Described = Pick<
  Registration & RegistrationRow,
  'platform' | 'name' | 'app_id' | 'organization' | 'options' | 'status' | 'created_at' | 'updated_at'
>;

function present(registrationId: string, row: Described): JsonObject {
  return {
    ...row.options,
    registration_id: registrationId,
    platform: row.platform,
    name: row.name,
    app_id: row.app_id,
    organization: row.organization,
    status: row.status,
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
  };
}

function actorOf(principal: Principal): RegistrationActor {
  return { kind: principal.kind, id: principal.id };
}

const credentials = z.record(z.string(), z.unknown()).describe("The platform's secrets; write-only");
const path = '/v1/tenants/{tenant}/registrations';
const tag = 'Registrations';

export const registrationRoutes: Route[] = [
  mutationRoute({
    method: 'post',
    path,
    tag,
    summary: 'Enrol an organization; active at once for an operator, else pending until one approves',
    capability: 'registration:manage',
    action: 'registration.create',
    body: z
      .looseObject({
        platform: z.string().trim().min(1).max(64),
        name: requiredLine(200),
        app_id: z.string().max(200),
        organization: z.string().max(200).describe('Entra tenant, Slack team or enterprise, Lark tenant_key'),
        credentials,
        scope: z.string().max(200).optional().describe('The tenant of the path again, or nothing'),
        limits: limits.optional(),
      })
      .describe("The platform's options stand beside these fields, e.g. app_type and cloud for teams"),
    response: registration,
    status: 201,
    onRefused: countRejection,
    handle: async (tx, { body, services, principal, tenant, now }) => {
      const { platform, name, app_id, organization, credentials, scope, limits, ...options } = body;
      checkScope(tenant, scope);
      const definition = findPlatform(services, platform);
      checkLimits(definition, limits ?? {});
      const checked = checkCredentials(definition, credentials);
      const installed = definition.install?.isInstalled(checked) ?? true;
      const input = {
        platform: definition.id,
        name,
        ...checkIds(definition, { app_id, organization }),
        options: { ...checkOptions(definition, options), ...given({ limits }) },
        credentials: checked,
        status: principal.kind === 'operator' && installed ? ('active' as const) : ('pending' as const),
      };
      const added = await addRegistration(tx, services.secrets, input, actorOf(principal), now);
      const made = present(added.registrationId, added.registration);
      if (!installed) {
        made.install_url = installUrl(services, tx.tenantId, added.registrationId, definition.id, now);
      }
      return {
        body: made,
        target: { kind: 'registration', id: added.registrationId },
        afterCommit: () => services.registrations.clear(),
      };
    },
  }),
  readRoute({
    method: 'get',
    path,
    tag,
    summary: 'List registrations, newest first',
    capability: 'registration:read',
    query: pageQuery,
    response: listOf(registration),
    handle: async (tx, { query }) => {
      const rows = await listRegistrations(tx, toPageRequest(query));
      const page = toPage(rows, query.limit, (row) => ({
        createdAt: row.created_at,
        id: row.registration_id,
      }));
      return {
        items: page.items.map((row) => present(row.registration_id, row)),
        next_cursor: page.nextCursor,
      };
    },
  }),
  readRoute({
    method: 'get',
    path: `${path}/{registration_id}`,
    tag,
    summary: 'Read a registration',
    capability: 'registration:read',
    response: registration,
    handle: async (tx, { params, services, principal, now }) => {
      const row = found(await readRegistration(tx, idIn(params, 'registration_id')));
      const body = present(row.registration_id, row);
      const mayInstall = row.status !== 'retired' && principal.capabilities.has('registration:manage');
      if (mayInstall && services.platforms.get(row.platform)?.install !== undefined) {
        body.install_url = installUrl(services, tx.tenantId, row.registration_id, row.platform, now);
      }
      return body;
    },
  }),
  mutationRoute({
    method: 'patch',
    path: `${path}/{registration_id}`,
    tag,
    summary: 'Change the name, options or credentials; app and organization stay',
    capability: 'registration:manage',
    action: 'registration.update',
    body: z
      .looseObject({
        name: requiredLine(200).optional(),
        credentials: credentials.optional(),
        limits: limits.nullish().describe('null: the published limits again'),
      })
      .describe("The platform's options stand beside these fields"),
    response: registration,
    onRefused: countRejection,
    handle: async (tx, { params, body, services, principal, now }) => {
      const registrationId = idIn(params, 'registration_id');
      const { platform } = found(await readRegistration(tx, registrationId));
      const { name, credentials, ...changed } = body;
      const definition = findPlatform(services, platform);
      checkLimits(definition, body.limits ?? {});
      const change = {
        name,
        options:
          Object.keys(changed).length === 0
            ? undefined
            : (options: JsonObject) => mergedOptions(definition, options, changed),
        credentials: credentials === undefined ? undefined : replacing(definition, credentials),
      };
      const actor = actorOf(principal);
      const row = await changeRegistration(tx, services.secrets, registrationId, change, actor, now);
      return {
        body: present(registrationId, row),
        target: { kind: 'registration', id: registrationId },
        afterCommit: () => services.registrations.clear(),
      };
    },
  }),
  mutationRoute({
    method: 'delete',
    path: `${path}/{registration_id}`,
    tag,
    summary: 'Retire a registration for good and free its organization',
    capability: 'registration:manage',
    action: 'registration.retire',
    response: z.null(),
    status: 204,
    handle: async (tx, { params, services, principal, now }) => {
      const registrationId = idIn(params, 'registration_id');
      await retireRegistration(tx, registrationId, 'deleted through the API', actorOf(principal), now);
      return {
        body: null,
        target: { kind: 'registration', id: registrationId },
        afterCommit: () => services.registrations.clear(),
      };
    },
  }),
  mutationRoute({
    method: 'post',
    path: `${path}/{registration_id}/approve`,
    tag,
    summary: "Approve a pending registration: the organization is the tenant's indeed",
    capability: 'operator',
    action: 'registration.approve',
    body: noBody,
    response: registration,
    onRefused: countRejection,
    handle: async (tx, { params, services, principal, now }) => {
      const registrationId = idIn(params, 'registration_id');
      const pending = found(await readRegistration(tx, registrationId));
      if (!(await isInstalled(services, tx, pending))) {
        throw new DeskbridgeError('conflict', {
          detail: 'The app is not installed yet: open its install_url.',
        });
      }
      const row = await approveRegistration(tx, registrationId, actorOf(principal), now);
      return {
        body: present(registrationId, row),
        target: { kind: 'registration', id: registrationId },
        afterCommit: () => services.registrations.clear(),
      };
    },
  }),
];

async function isInstalled(services: ApiServices, tx: Transaction, row: RegistrationRow): Promise<boolean> {
  const install = services.platforms.get(row.platform)?.install;
  return install?.isInstalled(await services.registrations.credentialsOf(tx, row.registration_id)) ?? true;
}

/** What the platform gave by itself stays beside what is sent. */
function replacing(
  definition: BotPlatform,
  credentials: Record<string, unknown>,
): (before: JsonObject) => JsonObject {
  const sent = checkCredentials(definition, credentials);
  return (before) => definition.mergeCredentials?.(before, sent) ?? sent;
}

/** Options that are left out stay; the platform checks the whole. */
function mergedOptions(
  platform: BotPlatform,
  before: JsonObject,
  changed: Record<string, unknown>,
): JsonObject {
  const { limits, ...own } = { ...before, ...given(changed) };
  const kept = (limits ?? undefined) as JsonObject | undefined;
  return { ...checkOptions(platform, own), ...given({ limits: kept }) };
}
