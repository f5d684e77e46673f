/** What the desk's routes answer to a creation and to an upsert, and the query that lets an upsert raise events. */
import { z } from 'zod';
import type { Upserted } from '../../desk/records.ts';
import type { JsonObject } from '../../kernel/canonical-json.ts';
import type { MutationResult } from '../route.ts';

/** Without it a first import messages nobody. */
export const notifyQuery = z.object({
  notify: z
    .stringbool({ truthy: ['true'], falsy: ['false'] })
    .default(false)
    .describe('Raise domain events'),
});

export function created(kind: string, id: string, body: JsonObject): MutationResult {
  return { body, target: { kind, id } };
}

/** Where nothing differed nothing was changed, and the audit has nothing to say. */
export function upserted(
  kind: string,
  id: string,
  body: JsonObject,
  outcome: Upserted<unknown>['outcome'],
): MutationResult {
  const status = outcome === 'created' ? 201 : 200;
  return { ...created(kind, id, body), status, changed: outcome !== 'unchanged' };
}
