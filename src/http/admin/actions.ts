/** Actions through the API: what there is, and running one in a person's name. */
import { z } from 'zod';
import { switchedOff } from '../../actions/action-policy.ts';
import type { AnyAction } from '../../actions/define-action.ts';
import { surfaces } from '../../kernel/activity.ts';
import type { JsonObject } from '../../kernel/canonical-json.ts';
import { DeskbridgeError } from '../../kernel/errors.ts';
import { isUuid } from '../../kernel/ids.ts';
import { readSettings, type TenantSettings } from '../../tenants/tenant-store.ts';
import { readUser } from '../../tenants/user-store.ts';
import { type Say, translator } from '../../words/index.ts';
import { id, mutationRoute, type Route, readRoute } from '../route.ts';
import { policyOf, runAs } from './run-as.ts';

const description = z.object({
  id,
  kind: z.enum(['query', 'mutation']),
  title: z.string(),
  help: z.string(),
  surfaces: z.array(z.enum(surfaces)),
  permission: z.string().nullable(),
  allowed: z.boolean().describe("Whether the tenant's settings let it run through the API"),
  input: z.record(z.string(), z.unknown()).describe('JSON Schema of the input'),
});

function describe(definition: AnyAction, say: Say, settings: TenantSettings): JsonObject {
  const { $schema: _, ...input } = z.toJSONSchema(definition.input, {
    io: 'input',
    unrepresentable: 'any',
  }) as JsonObject;
  return {
    id: definition.id,
    kind: definition.kind,
    title: say(`action.${definition.id}.title`),
    help: say(`action.${definition.id}.help`),
    surfaces: [...definition.surfaces],
    permission: definition.permission,
    allowed: switchedOff(policyOf(settings), definition, 'api') === null,
    input,
  };
}

const path = '/v1/tenants/{tenant}/actions';
const tag = 'Actions';

export const actionRoutes: Route[] = [
  readRoute({
    method: 'get',
    path,
    tag,
    summary: "List all actions, in the tenant's language",
    capability: 'settings:read',
    response: z.object({ items: z.array(description), next_cursor: z.null() }),
    handle: async (tx, { services }) => {
      const settings = await readSettings(tx);
      const say = translator(settings.language);
      const items = [...services.actions.values()].map((action) => describe(action, say, settings));
      return { items, next_cursor: null };
    },
  }),
  mutationRoute({
    method: 'post',
    path: `${path}/{action}`,
    tag,
    summary: "Run an action in a person's name, with what both the key and the person may do",
    capability: 'action:run_as',
    action: 'action.run',
    body: z.strictObject({
      as_user: z.string().min(1).max(100).describe('user_id of the person'),
      input: z.record(z.string(), z.unknown()).default({}),
    }),
    response: z.object({
      summary: z.object({ title: z.string(), text: z.string() }),
      items: z.array(z.record(z.string(), z.unknown())),
      links: z.array(z.object({ title: z.string(), url: z.string() })),
      warnings: z.array(z.string()),
    }),
    // A refused request at a mutation is an attempt at that mutation; at a query or at nothing it is none.
    attemptOf: (services, params, body) => {
      const definition = services.actions.get(params.action ?? '');
      if (definition?.kind !== 'mutation') return null;
      return { action: definition.id, surface: 'api', input: inputOf(body) };
    },
    handle: async (tx, context) => {
      const { services, params, body } = context;
      const definition = services.actions.get(params.action ?? '');
      if (definition === undefined) throw new DeskbridgeError('not_found');
      const person = isUuid(body.as_user) ? await readUser(tx, body.as_user) : null;
      if (person === null || person.status !== 'active') throw new DeskbridgeError('not_found');
      return await runAs(tx, context, { definition, person, input: body.input as JsonObject });
    },
  }),
];

/** The input as it came. */
function inputOf(body: unknown): JsonObject {
  const input = (body as { input?: unknown } | undefined)?.input;
  return typeof input === 'object' && input !== null && !Array.isArray(input) ? (input as JsonObject) : {};
}
