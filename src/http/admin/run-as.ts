/** Runs an action in a person's name: the permission is what both the key and the person have. */

import { type ActionPolicy, switchedOff } from '../../actions/action-policy.ts';
import type { ActionContext, AnyAction } from '../../actions/define-action.ts';
import { type Attempt, type Outcome, runAction } from '../../actions/run-action.ts';
import { ticketUrl } from '../../desk/ticket-url.ts';
import type { Transaction } from '../../infra/database.ts';
import type { JsonObject } from '../../kernel/canonical-json.ts';
import { DeskbridgeError } from '../../kernel/errors.ts';
import { capabilitiesOf } from '../../tenants/capabilities.ts';
import { readSettings, type TenantSettings } from '../../tenants/tenant-store.ts';
import type { UserRow } from '../../tenants/user-store.ts';
import { firstSpoken, translator } from '../../words/index.ts';
import { type MutationResult, type RecordedAttempt, RefusedAttempt, type RouteContext } from '../route.ts';

export interface ApiInvocation {
  definition: AnyAction;
  person: UserRow;
  input: JsonObject;
}

/** @throws RefusedAttempt with the action's own error and what its audit row says */
export async function runAs(
  tx: Transaction,
  context: RouteContext,
  invocation: ApiInvocation,
): Promise<MutationResult> {
  const { services } = context;
  const { definition, person, input } = invocation;
  const settings = await readSettings(tx);
  const policy = policyOf(settings);
  const actionContext = contextFor(tx, context, person, settings, policy);
  const outcome = await runAction(actionContext, { definition, input }, policy, services.log);
  services.metrics.actions.inc({ action: definition.id, surface: 'api', result: labelOf(outcome) });
  const attempt = 'attempt' in outcome ? recorded(outcome.attempt, person) : null;
  if (outcome.kind === 'done') return { ...answer(outcome), attempt };
  throw new RefusedAttempt(errorOf(outcome), attempt);
}

/** What the tenant has switched on. */
export function policyOf(settings: TenantSettings): ActionPolicy {
  return {
    allowedActions: settings.allowed_actions,
    surfaces: settings.surfaces,
    groupChat: settings.group_chat,
  };
}

function contextFor(
  tx: Transaction,
  { services, principal, tenant, now }: RouteContext,
  person: UserRow,
  settings: TenantSettings,
  policy: ActionPolicy,
): ActionContext {
  const own = [...capabilitiesOf(person.roles)];
  return {
    tx,
    now,
    tenant: { tenantId: tenant.tenant_id, slug: tenant.slug, name: tenant.name },
    actor: {
      userId: person.user_id,
      name: person.name,
      email: person.email,
      locale: person.locale,
      timeZone: person.time_zone,
      roles: person.roles,
      capabilities: new Set(own.filter((capability) => principal.capabilities.has(capability))),
    },
    surface: 'api',
    chat: null,
    say: translator(firstSpoken([person.locale, settings.language])),
    ticketUrl: (ticket) => ticketUrl(services.publicUrl, tenant.slug, ticket),
    nonce: () => services.nonces.issue(tx.tenantId, now),
    isSwitchedOn: (action) => switchedOff(policy, action, 'api') === null,
    linkCodes: services.linkCodes,
  };
}

function answer(outcome: Extract<Outcome, { kind: 'done' }>): Pick<MutationResult, 'body' | 'target'> {
  const { message, items = [], links = [], warnings = [] } = outcome.result;
  return {
    body: {
      summary: { title: message.title, text: message.text ?? '' },
      items,
      links: links.map(({ title, url }) => ({ title, url })),
      warnings,
    },
    target: null,
  };
}

/** A question is answered by asking again with more: its choices stand in the detail. */
function errorOf(outcome: Exclude<Outcome, { kind: 'done' }>): DeskbridgeError {
  if (outcome.kind === 'refused') return outcome.error;
  if (outcome.kind === 'repeated') return new DeskbridgeError('duplicate_submission');
  const { title, text, buttons = [] } = outcome.question;
  const parts = [title, text, ...buttons.map((button) => button.label)];
  return new DeskbridgeError(outcome.code, { detail: parts.filter(Boolean).join('\n') });
}

function recorded(attempt: Attempt | null, person: UserRow): RecordedAttempt | null {
  return attempt === null ? null : { ...attempt, surface: 'api', actorUserId: person.user_id };
}

function labelOf(outcome: Outcome): string {
  if (outcome.kind === 'refused') return outcome.error.code;
  return outcome.kind === 'done' ? 'success' : outcome.kind;
}
