/** Lark in the notifier's trials. */

import { tenantScopes } from '../../bots/lark/scopes.ts';
import { createPerson, startLarkSimulator } from '../../bots/lark/simulator/index.ts';
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

/** Custom apps, of which each organization has its own. */
export async function startLark(clock: Clock): Promise<TrialPlatform> {
  const secrets = { appSecret: 'app-secret', encryptKey: 'encrypt-key', verificationToken: 'token' };
  const apps = organizationNumbers.map((number) => ({
    appId: `cli_trial${number}`,
    type: 'custom' as const,
    organizations: [`tenantkey${number}`],
    ...secrets,
  }));
  const [first, ...others] = apps;
  if (first === undefined) throw new Error('there are no apps');
  const simulator = await startLarkSimulator({
    apps: [first, ...others],
    organizations: ['tenantkey0', ...organizationNumbers.slice(1).map((number) => `tenantkey${number}`)],
    people: peopleKeys.map((key) => createPerson(key, key)),
    clock,
    enforceLimits: true,
    scopes: [...tenantScopes, 'im:message.group_msg'],
  });
  let isReadable = true;
  const faults = {
    ...commonFaults,
    throttled_for: { kind: 'throttle', status: 429, resetSeconds: waitSeconds },
    throttled: { kind: 'throttle' },
    conflict: { kind: 'refuse', code: 230020 },
    error_408: { kind: 'refuse', code: 0, status: 408 },
  } as const;
  const routes = { deliver: 'send', open: null, lookUp: 'list', withdraw: 'delete', probe: null } as const;
  return {
    id: 'lark',
    settings: { apiUrl: simulator.url, demoApiUrl: null },
    installations: simulator.installations.map(({ key, appId, organization }) => ({
      appId,
      organization,
      options: { app_type: 'custom', domain: 'lark' },
      credentials: { app_secret: 'app-secret', encrypt_key: 'encrypt-key', verification_token: 'token' },
      people: simulator.peopleOf(key).map((person) => {
        const { chat } = simulator.scene({ as: person.key, installation: key });
        const { platformUserId } = person;
        return { platformUserId, reference: referenceTo('personal', chat.id, organization, platformUserId) };
      }),
      places: placeNames.map((name) => {
        const { chat } = simulator.scene({ installation: key, place: { kind: 'group', name } });
        return referenceTo('group', chat.id, organization);
      }),
    })),
    personalTypes: ['lark_user'],
    seen: () => simulator.postedByBot(),
    feedShows: () => false,
    letRead(what) {
      isReadable = what !== 'nothing';
      simulator.faults.clear('list');
      if (!isReadable) simulator.faults.set('list', { kind: 'refuse', code: 230027 });
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
    clear: () => simulator.clear(),
    close: () => simulator.close(),
  };
}
