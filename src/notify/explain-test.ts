/** Explains the way of a test message: how the person can be reached, what they prefer, and what was made of it. */
import type { Transaction } from '../infra/database.ts';
import type { Check } from '../kernel/platform.ts';
import type { ExpandDependencies } from './expand-audience.ts';
import { gatherRecipients } from './gather-recipients.ts';
import type { RecipientFacts, Way } from './plan-deliveries.ts';
import { readTenantState } from './recipient-queries.ts';
import type { Channel, NewDelivery, SkipReason } from './records.ts';

export interface Explanation {
  /** Everything that had a say, in the order in which it had it. */
  steps: Check[];
  /** Every way to the person, the oldest link's first. */
  ways: readonly Way[];
}

/** The names of the steps; stable. */
export const explanationSteps = [
  'tenant',
  'person',
  'links',
  'way',
  'preferences',
  'quiet_hours',
  'choice',
] as const;
type Step = (typeof explanationSteps)[number];

const stateWords: Record<Way['state'], string> = {
  open: 'open',
  retired: 'closed, since the bot was removed or blocked there',
  inactive: 'closed, since its registration is not active',
};

const skipWords: Partial<Record<SkipReason, string>> = {
  user_not_mapped: 'no channel reaches the person',
  not_in_conversation: 'the bot was removed or blocked there',
  registration_inactive: 'the registration is not active',
  muted: 'the person muted the category test',
  category_disabled: 'the category test is switched off',
  tenant_suspended: 'the tenant is suspended',
};

/**
 * The explanation of the deliveries that were planned in this transaction, from the very facts that they were planned by.
 * @param person an existing user
 */
export async function explainTest(
  tx: Transaction,
  deps: Pick<ExpandDependencies, 'addressingOf'>,
  person: { userId: string; name: string },
  deliveries: readonly NewDelivery[],
): Promise<Explanation> {
  const named = {
    ordinal: 1,
    userId: person.userId,
    conversationId: null,
    registrationId: null,
    address: null,
  };
  const [tenant, [facts]] = await Promise.all([
    readTenantState(tx),
    gatherRecipients(tx, deps.addressingOf, [named]),
  ]);
  if (facts === undefined) throw new Error('nothing was found out about the person');
  const steps = [
    tenantStep(tenant.suspended, tenant.disabledCategories.has('test')),
    personStep(person.name, facts),
    linksStep(facts),
    ...facts.ways.map(wayStep),
    preferencesStep(facts),
    quietHoursStep(facts),
    ...choiceSteps(facts, deliveries),
  ];
  return { steps, ways: facts.ways };
}

function step(name: Step, status: Check['status'], detail: string, remedy?: string): Check {
  return { step: name, status, detail, ...(remedy === undefined ? {} : { remedy }) };
}

function tenantStep(suspended: boolean, disabled: boolean): Check {
  if (suspended) {
    return step('tenant', 'fail', 'The tenant is suspended.', 'An operator has to set it active again.');
  }
  if (disabled) {
    const remedy = 'Take it out of disabled_categories in the settings.';
    return step('tenant', 'fail', 'The category test is switched off.', remedy);
  }
  return step('tenant', 'pass', 'The tenant is active, and the category test is switched on.');
}

function personStep(name: string, { person }: RecipientFacts): Check {
  if (person?.active === true) return step('person', 'pass', `${name} is active.`);
  const remedy = 'Set the person active again, or choose another one.';
  return step('person', 'fail', `${name} is deactivated: nothing is sent to them.`, remedy);
}

function linksStep({ ways }: RecipientFacts): Check {
  if (ways.length === 0) {
    const remedy =
      'Make a link code for the person, which they type into the chat, or link the account here.';
    return step('links', 'fail', 'No chat account is linked to the person.', remedy);
  }
  const platforms = [...new Set(ways.map(({ channel }) => channel.platform))];
  return step('links', 'pass', `Linked on ${platforms.join(', ')}.`);
}

function wayStep({ channel, state, lastActivityAt }: Way): Check {
  const spoke =
    lastActivityAt === null
      ? 'the person never wrote to the bot there'
      : `the person last wrote to the bot there at ${lastActivityAt.toISOString()}`;
  const detail = `${nameOf(channel)} is ${stateWords[state]}; ${spoke}.`;
  if (state === 'open') return step('way', 'pass', detail);
  const remedy =
    state === 'retired'
      ? 'The person has to add the bot again or write to it.'
      : 'Approve the registration, or enrol the organization anew.';
  return step('way', 'warn', detail, remedy);
}

function preferencesStep({ person }: RecipientFacts): Check {
  const preference = person?.preferences.categories.test;
  if (preference?.muted === true) {
    const remedy = 'They change that in chat, or an administrator in their preferences.';
    return step('preferences', 'fail', 'The person muted the category test.', remedy);
  }
  const channels = preference?.channels ?? [];
  if (channels.length === 0) {
    const detail = 'No channel is preferred for tests: the usual one of the latest activity is taken.';
    return step('preferences', 'pass', detail);
  }
  const how = preference?.both === true ? 'the first two at once, then in this order' : 'in this order';
  return step('preferences', 'pass', `Preferred for tests, ${how}: ${channels.join(', ')}.`);
}

function quietHoursStep({ person }: RecipientFacts): Check {
  const quiet = person?.preferences.quietHours ?? null;
  if (quiet === null) return step('quiet_hours', 'pass', 'The person has no quiet hours.');
  const zone = person?.timeZone ?? 'UTC, as the person has no time zone';
  return step('quiet_hours', 'pass', `${quiet.from} to ${quiet.to} (${zone}); tests go all the same.`);
}

/** One for each delivery: where it goes and why, or why it does not. */
function choiceSteps(facts: RecipientFacts, deliveries: readonly NewDelivery[]): Check[] {
  return deliveries.map(({ channel, skipped, fallback }) => {
    const where = channel === null ? 'Nowhere to send it' : nameOf(channel);
    if (skipped !== null) {
      const remedy = 'See the steps above.';
      return step('choice', 'fail', `${where}: skipped, since ${skipWords[skipped] ?? skipped}.`, remedy);
    }
    const then =
      fallback.length === 0
        ? 'nothing is tried after it'
        : `after it ${fallback.map(nameOf).join(', then ')}`;
    return step('choice', 'pass', `${where} is chosen, ${whyChosen(facts, channel)}; ${then}.`);
  });
}

function whyChosen({ person, ways }: RecipientFacts, channel: Channel | null): string {
  const wanted = person?.preferences.categories.test?.channels ?? [];
  if (channel !== null && wanted.includes(channel.type)) {
    return wanted[0] === channel.type ? 'as the person prefers it' : 'as what is preferred to it is closed';
  }
  if (wanted.length > 0) return 'as none of the preferred ones is open';
  const open = ways.filter(({ state, usual }) => state === 'open' && usual);
  return open.length > 1 ? 'the one of the latest activity' : 'the only one that is open';
}

function nameOf({ type, id }: Channel): string {
  return `${type} ${id}`;
}
