/** Slack in the notifier's trials. */
import { createPerson, startSlackSimulator } from '../../bots/slack/simulator/index.ts';
import type { Clock } from '../../src/kernel/ports.ts';
import {
  commonFaults,
  organizationNumbers,
  peopleKeys,
  placeNames,
  referenceTo,
  type TrialPlatform,
  waitSeconds,
} from './notifier-platform.ts';

/** As for an app that was installed without the scopes for it. */
const unreadable = { kind: 'error', error: 'missing_scope' } as const;

export async function startSlack(clock: Clock): Promise<TrialPlatform> {
  const appId = 'A0TRIALDESK';
  const tokenOf = (number: number) => `xoxb-trial-${number}`;
  const simulator = await startSlackSimulator({
    apps: [
      {
        appId,
        signingSecret: 'signing-secret',
        installations: organizationNumbers.map((number) => ({
          key: String(number),
          organization: `T0TRIAL${number}`,
          botToken: tokenOf(number),
        })),
      },
    ],
    organizations: organizationNumbers.map((number) => ({ id: `T0TRIAL${number}`, name: `trial ${number}` })),
    people: peopleKeys.map((key) => createPerson(key, key)),
    clock,
    enforceLimits: true,
  });
  const faults = {
    ...commonFaults,
    throttled_for: { kind: 'refuse', status: 429, retryAfterSeconds: waitSeconds },
    throttled: { kind: 'error', error: 'ratelimited' },
    conflict: { kind: 'error', error: 'hash_conflict' },
    error_408: { kind: 'refuse', status: 408 },
  } as const;
  const routes = {
    deliver: 'chat.postMessage',
    open: null,
    lookUp: 'conversations.history',
    withdraw: 'chat.delete',
    probe: null,
  } as const;
  let isReadable = true;
  const { world } = simulator;
  return {
    id: 'slack',
    settings: { apiUrl: simulator.apiUrl, publicUrl: 'http://127.0.0.1', demoApiUrl: null },
    installations: world.installations.map((installation, number) => ({
      appId,
      organization: installation.organization,
      options: {},
      credentials: { signing_secret: 'signing-secret', bot_token: tokenOf(number) },
      people: simulator.people.map((person) => {
        const { platformUserId } = person;
        const { id } = world.personalChat(installation, person);
        return {
          platformUserId,
          reference: referenceTo('personal', id, installation.organization, platformUserId),
        };
      }),
      places: placeNames.map((name, index) => {
        const kind = index === 0 ? 'group' : 'channel';
        const place = world.shared(installation, kind, name);
        place.members.add(installation.botUserId);
        return referenceTo(kind, place.id, installation.organization);
      }),
    })),
    personalTypes: ['slack_dm'],
    seen: () => simulator.postedByBot(),
    feedShows: () => false,
    letRead(what) {
      isReadable = what !== 'nothing';
      simulator.faults.clear('conversations.history');
      if (!isReadable) simulator.faults.set('conversations.history', unreadable);
    },
    violations: () => simulator.limits.violations,
    setLimits: (enforced) => {
      simulator.limits.enforced = enforced;
    },
    setFault(call, fault) {
      const route = routes[call];
      if (route === null || (call === 'lookUp' && !isReadable)) return;
      simulator.faults.clear(route);
      if (fault !== null) simulator.faults.set(route, faults[fault], 1);
    },
    clear: () => simulator.oracle.clear(),
    close: () => simulator.close(),
  };
}
