/** How a person wants to be told: channels by category, quiet hours, what they muted. */
import { z } from 'zod';
import type { Transaction } from '../../infra/database.ts';
import type { JsonObject } from '../../kernel/canonical-json.ts';
import { destinationTypes } from '../../kernel/notification.ts';
import { type Preferences, readPreferences, writePreferences } from '../../notify/preference-store.ts';
import { categories } from '../../notify/records.ts';
import { lockUser, readUser, type UserRow } from '../../tenants/user-store.ts';
import { found, id, idIn, mutationRoute, type Route, readRoute } from '../route.ts';
import { given } from './fields.ts';

const timeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'HH:MM, from 00:00 to 23:59');
const quietHours = z
  .strictObject({ from: timeOfDay, to: timeOfDay })
  .refine(({ from, to }) => from !== to, { path: ['to'], message: 'differs from the beginning' })
  .describe("On the person's clock; over midnight where from is the later one");

const ofCategory = z
  .strictObject({
    channels: z
      .array(z.enum(destinationTypes))
      .min(1)
      .refine((list) => new Set(list).size === list.length, 'each channel once')
      .optional()
      .describe('The first is preferred, the rest are tried when it fails'),
    both: z.boolean().optional().describe('The first two at once'),
    muted: z.boolean().optional(),
  })
  .refine(({ both, channels }) => both !== true || (channels?.length ?? 0) > 1, {
    path: ['both'],
    message: 'needs two channels',
  });

const preferences = z.object({
  user_id: id,
  time_zone: z.string().nullable().describe('Of the person; quiet hours are in it, or in UTC without one'),
  quiet_hours: z.object({ from: z.string(), to: z.string() }).nullable(),
  categories: z.partialRecord(
    z.enum(categories),
    z.object({
      channels: z.array(z.enum(destinationTypes)).optional(),
      both: z.boolean().optional(),
      muted: z.boolean().optional(),
    }),
  ),
});

function present(user: UserRow, { quietHours, categories }: Preferences): JsonObject {
  return {
    user_id: user.user_id,
    time_zone: user.time_zone,
    quiet_hours: quietHours === null ? null : { ...quietHours },
    categories: categories as JsonObject,
  };
}

async function read(tx: Transaction, user: UserRow): Promise<JsonObject> {
  return present(user, await readPreferences(tx, user.user_id));
}

const path = '/v1/tenants/{tenant}/users/{user_id}/preferences';
const tag = 'People';

export const preferenceRoutes: Route[] = [
  readRoute({
    method: 'get',
    path,
    tag,
    summary: 'Read how a person wants to be told',
    capability: 'user:read',
    response: preferences,
    handle: async (tx, { params }) => await read(tx, found(await readUser(tx, idIn(params, 'user_id')))),
  }),
  mutationRoute({
    method: 'put',
    path,
    tag,
    summary: 'Replace how a person wants to be told; what is left out is as if they had never said it',
    capability: 'user:manage',
    action: 'preferences.replace',
    body: z.strictObject({
      quiet_hours: quietHours.nullish(),
      categories: z.partialRecord(z.enum(categories), ofCategory).optional(),
    }),
    response: preferences,
    handle: async (tx, { params, body, now }) => {
      const user = found(await lockUser(tx, idIn(params, 'user_id')));
      const chosen = Object.entries(body.categories ?? {}).map(
        ([category, preference]) => [category, given(preference)] as const,
      );
      const written: Preferences = {
        quietHours: body.quiet_hours ?? null,
        categories: Object.fromEntries(chosen),
      };
      await writePreferences(tx, user.user_id, written, now);
      return { body: present(user, written), target: { kind: 'user', id: user.user_id } };
    },
  }),
];
