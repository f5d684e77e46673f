/** What a tenant has switched on: actions, surfaces, group chat. */
import type { Surface } from '../kernel/activity.ts';
import type { AnyAction } from './define-action.ts';

/** Null lists allow everything. */
export interface ActionPolicy {
  /** Mutations that may run. */
  allowedActions: readonly string[] | null;
  surfaces: readonly string[] | null;
  groupChat: boolean;
}

/** Why the action cannot be used on this surface; null when it can. */
export function switchedOff(
  policy: ActionPolicy,
  definition: Pick<AnyAction, 'id' | 'kind' | 'surfaces'>,
  surface: Surface,
): 'surface_disabled' | 'action_disabled' | null {
  if (!definition.surfaces.includes(surface)) return 'surface_disabled';
  if (policy.surfaces !== null && !policy.surfaces.includes(surface)) return 'surface_disabled';
  if (definition.kind === 'query' || policy.allowedActions === null) return null;
  return policy.allowedActions.includes(definition.id) ? null : 'action_disabled';
}
