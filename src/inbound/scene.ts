/** Who asks, where, in which language: what the steps of the inbound chain share about one activity. */

import { type ActionPolicy, switchedOff } from '../actions/action-policy.ts';
import type { ActionContext, Actor, AnyAction } from '../actions/define-action.ts';
import { runAction } from '../actions/run-action.ts';
import { ticketUrl } from '../desk/ticket-url.ts';
import type { Transaction } from '../infra/database.ts';
import type { Activity, SourceMessage, Surface } from '../kernel/activity.ts';
import type { JsonObject } from '../kernel/canonical-json.ts';
import { DeskbridgeError } from '../kernel/errors.ts';
import type { Message } from '../kernel/message.ts';
import type { PlatformCapabilities, PlatformRegistration } from '../kernel/platform.ts';
import type { Log } from '../kernel/ports.ts';
import { capabilitiesOf } from '../tenants/capabilities.ts';
import type { LinkCodes } from '../tenants/links.ts';
import { firstSpoken, type Say, translator } from '../words/index.ts';
import type { InboundContextRow } from './inbound-queries.ts';
import type { Interpretation, Interpreter } from './interpret.ts';
import type { Nonces } from './nonces.ts';
import { refusalMessage } from './present-outcome.ts';

export interface SceneDependencies {
  nonces: Nonces;
  linkCodes: LinkCodes;
  interpreter: Interpreter;
  publicUrl: string;
  log: Log;
  capabilitiesOf: (platform: string) => PlatformCapabilities;
}

export interface Scene {
  activity: Activity;
  /** What the platform can do. */
  capabilities: PlatformCapabilities;
  registrationId: string;
  context: ActionContext;
  policy: ActionPolicy;
  say: Say;
  nonces: Nonces;
  /** The conversation is a group's and the tenant has not switched that on. */
  groupChatOff: boolean;
  /** The card that tells an unlinked person how to link the account, with a fresh code. */
  linkInvitation(): Promise<Message>;
  /** The record of an outdated card as it is now. */
  freshCard(reading: { definition: AnyAction; input: JsonObject }): Promise<Message>;
}

export interface SceneFacts {
  tx: Transaction;
  activity: Activity;
  registration: PlatformRegistration;
  row: InboundContextRow;
  conversationId: string | null;
  reading: Interpretation;
  now: Date;
}

export function setScene(deps: SceneDependencies, facts: SceneFacts): Scene {
  const { activity, row, registration } = facts;
  const say = translator(localeFor(facts));
  const policy = { allowedActions: row.allowed_actions, surfaces: row.surfaces, groupChat: row.group_chat };
  const context = actionContext(deps, facts, say, policy);
  const isGroup = context.chat?.isGroup ?? false;
  return {
    activity,
    capabilities: deps.capabilitiesOf(activity.platform),
    registrationId: registration.registrationId,
    context,
    policy,
    say,
    nonces: deps.nonces,
    groupChatOff: isGroup && !policy.groupChat,
    linkInvitation: () => inviteToLink(deps, context, activity),
    freshCard: (reading) => showAgain(deps, context, policy, reading),
  };
}

/** The person's setting, else the words that matched, else what the platform reports, else the tenant's. */
function localeFor(facts: SceneFacts): string {
  const { row, reading, activity } = facts;
  const typed = 'locale' in reading ? reading.locale : null;
  // A language that we do not speak is passed over: whoever set it may still read the next one.
  return firstSpoken([row.locale, typed, activity.reference?.locale, row.language]) ?? row.language;
}

function actionContext(
  deps: SceneDependencies,
  facts: SceneFacts,
  say: Say,
  policy: ActionPolicy,
): ActionContext {
  const { tx, row, activity, registration, reading, now } = facts;
  const surface = surfaceOf(reading);
  const tenant = { tenantId: tx.tenantId, slug: row.slug, name: row.tenant_name };
  return {
    tx,
    now,
    tenant,
    actor: actorOf(row),
    surface,
    say,
    isSwitchedOn: (action) => switchedOff(policy, action, surface) === null,
    linkCodes: deps.linkCodes,
    ticketUrl: (ticket) => ticketUrl(deps.publicUrl, tenant.slug, ticket),
    nonce: () => deps.nonces.issue(tx.tenantId, now),
    chat:
      activity.person === null
        ? null
        : {
            registrationId: registration.registrationId,
            platform: activity.platform,
            platformUserId: activity.person.platformUserId,
            platformUserName: activity.person.name,
            conversationId: facts.conversationId,
            isGroup: activity.reference !== null && activity.reference.type !== 'personal',
            source: sourceOf(activity),
          },
  };
}

function actorOf(row: InboundContextRow): Actor | null {
  if (row.user_id === null) return null;
  return {
    userId: row.user_id,
    name: row.user_name ?? '',
    email: row.email ?? '',
    locale: row.locale,
    timeZone: row.time_zone,
    roles: row.roles ?? [],
    capabilities: capabilitiesOf(row.roles ?? []),
  };
}

function surfaceOf(reading: Interpretation): Surface {
  return reading.kind === 'run' || reading.kind === 'form' ? reading.surface : 'bot';
}

function sourceOf(activity: Activity): SourceMessage | null {
  const { intent } = activity;
  return intent.kind === 'command' || intent.kind === 'open_form' ? intent.source : null;
}

async function inviteToLink(
  deps: SceneDependencies,
  context: ActionContext,
  activity: Activity,
): Promise<Message> {
  const link = deps.interpreter.actions.get('link_account');
  const { chat, say } = context;
  // A code is as good as the account. It is shown in the person's own chat with the bot and nowhere else: what a
  // search or a pasted link brings up may end in a conversation with somebody else.
  const alone = chat !== null && chat.conversationId !== null && !chat.isGroup;
  const mayBeShared = activity.intent.kind === 'search' || activity.intent.kind === 'unfurl';
  if (link === undefined || !alone || mayBeShared)
    return refusalMessage(say, new DeskbridgeError('not_linked'));
  return (await link.run({ ...context, surface: 'bot' }, {} as never, undefined as never)).message;
}

async function showAgain(
  deps: SceneDependencies,
  context: ActionContext,
  policy: ActionPolicy,
  reading: { definition: AnyAction; input: JsonObject },
): Promise<Message> {
  const stale = refusalMessage(context.say, new DeskbridgeError('stale_card'));
  const [kind] = reading.definition.targetKinds;
  const reference = kind === undefined ? undefined : reading.input[kind];
  const open = deps.interpreter.actions.get('open_record');
  if (open === undefined || kind === undefined || reference === undefined) return stale;
  const outcome = await runAction(
    { ...context, surface: 'bot' },
    { definition: open, input: { [kind]: reference } },
    policy,
    deps.log,
  );
  if (outcome.kind !== 'done') return stale;
  return { ...outcome.result.message, footer: stale.title };
}
