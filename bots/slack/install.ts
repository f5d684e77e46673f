/** Installation by Slack's consent page (OAuth v2), for a workspace or a whole enterprise. */
import type { BotPlatform, InstallFlow } from '../../src/kernel/platform.ts';
import { HttpCaller } from '../shared/http-call.ts';
import { readCredentials } from './credentials.ts';
import { botScopes } from './scopes.ts';
import { apiBaseOf, authorizePageOf, readSettings } from './settings.ts';
import { updateOf } from './tokens.ts';
import { errorOf, requestGrant } from './web-api.ts';

const timeoutMs = 5000;

/** https://docs.slack.dev/authentication/installing-with-oauth */
export const slackInstall: NonNullable<BotPlatform['install']> = {
  isInstalled: (credentials) => readCredentials(credentials).bot_token !== undefined,

  authorizeUrl({ registration, credentials, redirectUri, state, settings }) {
    const { client_id: clientId, client_secret: clientSecret } = readCredentials(credentials);
    if (clientId === undefined || clientSecret === undefined) return null;
    const base = apiBaseOf(registration, readSettings(settings));
    const url = new URL(authorizePageOf(base));
    url.searchParams.set('client_id', clientId);
    url.searchParams.set('scope', botScopes.join(','));
    url.searchParams.set('state', state);
    url.searchParams.set('redirect_uri', redirectUri);
    return url.href;
  },

  async redeem({ registration, credentials, redirectUri, code, settings }) {
    const base = apiBaseOf(registration, readSettings(settings));
    if (base === null) return refused('not_on_loopback');
    const { client_id: clientId, client_secret: clientSecret } = readCredentials(credentials);
    if (clientId === undefined || clientSecret === undefined) return refused('client_missing');
    const askedAt = new Date();
    const caller = new HttpCaller(timeoutMs);
    try {
      const fields = { code, redirect_uri: redirectUri };
      const { grant, result } = await requestGrant(caller, base, { clientId, clientSecret }, fields);
      if (grant === null) return refused(errorOf(result) ?? 'no_answer');
      // The enterprise stands for all its workspaces, which the installation names none of.
      const organization = grant.is_enterprise_install ? grant.enterprise?.id : grant.team?.id;
      if (grant.app_id === undefined || organization === undefined) return refused('incomplete_answer');
      return { ok: true, appId: grant.app_id, organization, update: updateOf(credentials, grant, askedAt) };
    } finally {
      caller.close();
    }
  },
};

/** Shown to the administrator: only what has the form of an error code, since it came from outside. */
function refused(reason: string): Awaited<ReturnType<InstallFlow['redeem']>> {
  return { ok: false, reason: /^[a-z0-9_]{1,60}$/.test(reason) ? reason : 'unknown' };
}
