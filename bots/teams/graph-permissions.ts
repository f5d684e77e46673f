/** The permissions of Microsoft Graph that the app uses: what its package asks for, and what an organization may grant. */
import { isObject, parseJson } from '../shared/json.ts';

/**
 * Resource-specific permissions of the manifest: for one person, team or chat, with the installation. Sources:
 * https://learn.microsoft.com/microsoftteams/platform/graph-api/rsc/resource-specific-consent and the pages of the calls.
 */
export const resourcePermissions: readonly string[] = [
  'TeamsActivity.Send.User',
  'ChannelMessage.Read.Group',
  'ChatMessage.Read.Chat',
  'ChatMessageReadReceipt.Read.Chat',
];

/** For each use, the permissions for the whole organization; of those in one list any one is enough. */
const organizationPermissions = {
  feed: [['TeamsActivity.Send']],
  readback: [['ChannelMessage.Read.All'], ['Chat.Read.All', 'Chat.ReadWrite.All']],
} as const;

/** What is not granted for the whole organization, by the smallest permission that would be. */
export function missingPermissions(
  use: keyof typeof organizationPermissions,
  roles: readonly string[],
): string[] {
  return organizationPermissions[use].flatMap((alternatives: readonly string[]) => {
    const [smallest] = alternatives;
    return smallest === undefined || alternatives.some((name) => roles.includes(name)) ? [] : [smallest];
  });
}

/** The application permissions that a token of ours names (claim `roles`); none for what is no such token. */
export function rolesOf(token: string): string[] {
  const [, payload = ''] = token.split('.');
  const claims = parseJson(Buffer.from(payload, 'base64url').toString('utf8'));
  const roles = isObject(claims) && Array.isArray(claims.roles) ? claims.roles : [];
  return roles.filter((role) => typeof role === 'string');
}
