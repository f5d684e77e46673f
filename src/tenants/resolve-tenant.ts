/** The verified app and organization pick the registration, and with it the tenant. */
import type { Activity } from '../kernel/activity.ts';
import type { PlatformRegistration } from '../kernel/platform.ts';
import type { RegistrationDirectory } from '../registrations/app-directory.ts';

/**
 * Null when the organization is not enrolled with this app. The look-up is by the unique key alone, never a scan:
 * nothing in the request can widen it.
 */
export async function resolveTenant(
  registrations: RegistrationDirectory,
  activity: Pick<Activity, 'platform' | 'appId' | 'organization'>,
): Promise<PlatformRegistration | null> {
  const { platform, appId, organization } = activity;
  return await registrations.findByOrganization({ platform, appId, organization });
}
