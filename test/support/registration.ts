/** A registration as platforms see it, for tests of one platform without the rest of the product. */
import type { AppDirectory, PlatformRegistration } from '../../src/kernel/platform.ts';

/** A live registration whose credentials are kept in memory; `fields` say what matters to the test. */
export function testRegistration(
  fields: Partial<PlatformRegistration> & Pick<PlatformRegistration, 'platform' | 'appId' | 'organization'>,
): PlatformRegistration {
  let stored = fields.credentials ?? (async () => ({}));
  return {
    registrationId: 'registration-1',
    tenantId: 'tenant-1',
    options: {},
    demo: false,
    status: 'active',
    vouched: true,
    updateCredentials: async (change) => {
      const update = await change(await stored());
      if (update !== null) stored = async () => update.credentials;
      return await stored();
    },
    ...fields,
    credentials: () => stored(),
  };
}

/** A directory that knows these registrations. */
export function testDirectory(registrations: readonly PlatformRegistration[]): AppDirectory {
  return {
    registrationsOfApp: async (platform, appId) =>
      registrations.filter(
        (each) => each.platform === platform && each.appId === appId && each.status === 'active',
      ),
    registration: async (platform, registrationId) =>
      registrations.find((each) => each.platform === platform && each.registrationId === registrationId) ??
      null,
  };
}
