/** What people and keys may do: roles map to capabilities, and checks name capabilities only. */

export const capabilities = [
  'ticket:read',
  'ticket:create',
  'ticket:update',
  'time_entry:read',
  'time_entry:create',
  'approval:read',
  'approval:respond',
  'contact:read',
  'client:read',
  'board:read',
  'user:read',
  'user:manage',
  'link:read',
  'link:manage',
  'key:read',
  'key:manage',
  'registration:read',
  'registration:manage',
  'conversation:read',
  'delivery:read',
  'delivery:manage',
  'notification:read',
  'notification:send',
  'operation:read',
  'operation:run',
  'connection:read',
  'connection:manage',
  'backup:read',
  'backup:create',
  'restore:execute',
  'runtime:read',
  'runtime:manage',
  'settings:read',
  'settings:manage',
  'desk:manage',
  'action:run_as',
  'audit:read',
] as const;
export type Capability = (typeof capabilities)[number];

export const roles = ['viewer', 'technician', 'admin'] as const;
export type Role = (typeof roles)[number];

const viewer = capabilities.filter((name) => name.endsWith(':read') && name !== 'audit:read');
const technician: Capability[] = [
  ...viewer,
  'ticket:create',
  'ticket:update',
  'time_entry:create',
  'approval:respond',
  'operation:run',
];

const byRole: Record<Role, readonly Capability[]> = { viewer, technician, admin: capabilities };

/** The union of what the roles allow. */
export function capabilitiesOf(held: readonly Role[]): ReadonlySet<Capability> {
  return new Set(held.flatMap((role) => byRole[role]));
}
