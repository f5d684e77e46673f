/** The doctor: what works and what does not about a registration, step by step, with a remedy each. */
import { z } from 'zod';
import { examineRegistration } from '../../registrations/examine-registration.ts';
import { idIn, outsideRoute, type Route } from '../route.ts';
import { manifestDigest } from './registration-manifest.ts';

const check = z.object({
  step: z.string().describe('Stable name, e.g. token'),
  status: z.enum(['pass', 'warn', 'fail', 'skipped']),
  detail: z.string(),
  remedy: z.string().optional(),
});

export const registrationDoctorRoutes: Route[] = [
  outsideRoute({
    method: 'get',
    path: '/v1/tenants/{tenant}/registrations/{registration_id}/doctor',
    tag: 'Registrations',
    summary: 'Examine a registration: credentials, token, scopes, addresses, manifest, a recent reply',
    capability: 'registration:manage',
    response: z.object({
      registration_id: z.string(),
      status: z.enum(['pass', 'warn', 'fail']).describe('The worst of the steps'),
      checks: z.array(check),
    }),
    handle: async ({ params, services, tenant }) => {
      const registrationId = idIn(params, 'registration_id');
      const deps = {
        ...services,
        manifestDigest: (registration: Parameters<typeof manifestDigest>[1]) =>
          manifestDigest(services, registration),
      };
      const checks = await examineRegistration(deps, tenant.tenant_id, registrationId);
      const worst = (['fail', 'warn'] as const).find((status) =>
        checks.some((each) => each.status === status),
      );
      return {
        registration_id: registrationId,
        status: worst ?? 'pass',
        checks: checks.map((each) => ({ ...each })),
      };
    },
  }),
];
