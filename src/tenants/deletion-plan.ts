/** Every table that holds rows of a tenant: children before parents, the order in which a tenant is removed. */

/** Tables with row-level security. */
export const tenantTables = [
  'domain_events',
  'approvals',
  'time_entries',
  'ticket_notes',
  'tickets',
  'ticket_statuses',
  'boards',
  'contacts',
  'clients',
  'desk_counters',
  'audit_events',
  'audit_heads',
  'audit_keys',
  'idempotency_keys',
  'list_views',
  'consumed_nonces',
  'receipts',
  'conversations',
  'link_codes',
  'links',
  'registration_manifests',
  'registration_credentials',
  'registration_read',
  'registration_events',
  'bot_registrations',
  'api_keys',
  'users',
  'tenant_settings',
] as const;

/** Tables that are read before the tenant is known: no row-level security, no personal data. */
export const directoryTables = [
  'due_work',
  'api_key_directory',
  'registration_directory',
  'registration_ids',
  'tenants',
] as const;
