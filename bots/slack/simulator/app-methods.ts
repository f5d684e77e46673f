/** The simulated methods of the app itself and of people: `auth.*`, `apps.uninstall`, `users.*`. */
import type { JsonObject } from '../../../src/kernel/canonical-json.ts';
import { failed, type Method, missing, succeeded } from './method.ts';
import type { SlackPerson } from './people.ts';
import { type Installation, teamOf } from './world.ts';

export const appMethods: Record<string, Method> = {
  'auth.test': (_platform, { installation, scopes }) => {
    const { enterprise, teams, app, botUserId, botId } = installation;
    const team = teams[0];
    const answer = succeeded({
      url: `https://${team?.domain ?? 'workspace'}.slack.com/`,
      team: enterprise?.name ?? team?.name,
      user: (app.name ?? 'Deskbridge').toLowerCase(),
      team_id: enterprise?.id ?? team?.id,
      user_id: botUserId,
      bot_id: botId,
      ...(enterprise === null ? {} : { enterprise_id: enterprise.id }),
      is_enterprise_install: enterprise !== null,
    });
    return { ...answer, headers: { 'x-oauth-scopes': scopes } };
  },

  'auth.revoke': (platform, { args, token, installation }) => {
    if (args.flag('test')) return succeeded({ revoked: false });
    platform.tokens.revoke(token);
    platform.onRevoked(installation, 'revoked');
    return succeeded({ revoked: true });
  },

  'apps.uninstall': (platform, { args, installation }) => {
    const absent = missing(args, 'client_id', 'client_secret');
    if (absent !== null) return absent;
    const app = platform.tokens.appWithSecret(args.text('client_id'), args.text('client_secret'));
    if (app === null) return failed('bad_client_secret');
    if (app !== installation.app) return failed('client_id_token_mismatch');
    platform.onRevoked(installation, 'uninstalled');
    return succeeded();
  },

  'users.info': (platform, { args, installation }) => {
    const absent = missing(args, 'user');
    if (absent !== null) return absent;
    if (args.text('user') === installation.botUserId) return succeeded({ user: botOf(installation) });
    const person = platform.world.user(installation, args.text('user'));
    if (person === null) return failed('user_not_found');
    const locale = args.flag('include_locale') ? { locale: 'en-US' } : {};
    return succeeded({ user: { ...userOf(installation, person), ...locale } });
  },

  'users.lookupByEmail': (platform, { args, installation }) => {
    const absent = missing(args, 'email');
    if (absent !== null) return absent;
    const email = args.text('email').toLowerCase();
    const person = platform.world.people.find((candidate) => candidate.email.toLowerCase() === email);
    if (person === undefined || teamOf(installation, person) === null) return failed('users_not_found');
    return succeeded({ user: userOf(installation, person) });
  },
};

function userOf(installation: Installation, person: SlackPerson): JsonObject {
  const { platformUserId: id, key, name, email } = person;
  return {
    id,
    team_id: teamOf(installation, person)?.id,
    name: key,
    real_name: name,
    deleted: false,
    tz: 'Europe/Berlin',
    tz_offset: 3600,
    profile: { real_name: name, display_name: name, email },
    is_bot: false,
    is_restricted: false,
    is_ultra_restricted: false,
  };
}

function botOf({ botUserId, botId, app, teams }: Installation): JsonObject {
  const name = app.name ?? 'Deskbridge';
  return {
    id: botUserId,
    team_id: teams[0]?.id,
    name: name.toLowerCase(),
    real_name: name,
    deleted: false,
    profile: { real_name: name, display_name: name, bot_id: botId, api_app_id: app.appId },
    is_bot: true,
  };
}
