/** Bot tokens of the simulated Slack: what each is good for, the consent page, and the renewal of those that end. */
import { randomBytes } from 'node:crypto';
import type { JsonObject } from '../../../src/kernel/canonical-json.ts';
import type { Clock } from '../../../src/kernel/ports.ts';
import type { SlackApp } from './people.ts';
import type { Installation, World } from './world.ts';

/** https://docs.slack.dev/authentication/using-token-rotation: 12 hours. */
const rotatingSeconds = 43_200;
/** https://docs.slack.dev/authentication/installing-with-oauth: a code is good for ten minutes. */
const codeMs = 10 * 60_000;

export const defaultScopes =
  'app_mentions:read,channels:history,channels:read,chat:write,commands,groups:history,groups:read,im:history,' +
  'im:read,im:write,metadata.message:read,mpim:history,mpim:read,users:read,users:read.email';

interface Issued {
  installation: Installation;
  scopes: string;
  /** Milliseconds; null = until it is revoked. */
  until: number | null;
  /** The error it meets since it was withdrawn. */
  withdrawn: 'token_revoked' | 'account_inactive' | null;
}

interface Code {
  installation: Installation;
  redirectUri: string | null;
  scopes: string;
  until: number;
}

export type TokenCheck =
  | { ok: true; installation: Installation; scopes: string }
  | { ok: false; error: string };

/** Whom the consent page asks, and what is answered there. */
export interface Consent {
  /** The organization that is chosen; the app's first without it. */
  organization?: string;
  /** The person presses Cancel. */
  deny?: boolean;
}

export class Tokens {
  readonly #world: World;
  readonly #clock: Clock;
  readonly #issued = new Map<string, Issued>();
  /** Refresh tokens that were not used yet. */
  readonly #refresh = new Map<string, { installation: Installation; scopes: string }>();
  readonly #codes = new Map<string, Code>();
  /** How the next people at the consent page decide. */
  consent: Consent = {};

  constructor(world: World, clock: Clock) {
    this.#world = world;
    this.#clock = clock;
    for (const installation of world.installations) {
      const { botToken, refreshToken } =
        installation.app.installations.find((one) => one.organization === installation.organization) ?? {};
      const scopes = defaultScopes;
      const until = refreshToken === undefined ? null : this.#inTwelveHours();
      if (botToken) this.#issued.set(botToken, { installation, scopes, until, withdrawn: null });
      if (refreshToken !== undefined) this.#refresh.set(refreshToken, { installation, scopes });
    }
  }

  /** What the token is good for now. */
  check(token: string | null): TokenCheck {
    if (token === null || token === '') return { ok: false, error: 'not_authed' };
    const issued = this.#issued.get(token);
    if (issued === undefined) return { ok: false, error: 'invalid_auth' };
    if (issued.withdrawn !== null) return { ok: false, error: issued.withdrawn };
    if (issued.until !== null && this.#clock.now().getTime() >= issued.until) {
      return { ok: false, error: 'token_expired' };
    }
    return { ok: true, installation: issued.installation, scopes: issued.scopes };
  }

  /** Ends one token. */
  revoke(token: string): void {
    const issued = this.#issued.get(token);
    if (issued !== undefined) issued.withdrawn = 'token_revoked';
  }

  /** Ends every token of an installation; `account_inactive` is what they meet once the app is gone. */
  withdraw(installation: Installation, error: 'token_revoked' | 'account_inactive'): void {
    for (const issued of this.#issued.values()) {
      if (issued.installation === installation) issued.withdrawn ??= error;
    }
    for (const [token, refresh] of this.#refresh) {
      if (refresh.installation === installation) this.#refresh.delete(token);
    }
  }

  /** A new token of the installation, with a refresh token where the app rotates. */
  issue(
    installation: Installation,
    scopes = defaultScopes,
    rotating = installation.app.tokenRotation === true,
  ) {
    const secret = () => randomBytes(24).toString('base64url');
    const token = `${rotating ? 'xoxe.xoxb-1' : 'xoxb'}-${secret()}`;
    const until = rotating ? this.#inTwelveHours() : null;
    this.#issued.set(token, { installation, scopes, until, withdrawn: null });
    if (!rotating) return { access_token: token };
    const refreshToken = `xoxe-1-${secret()}`;
    this.#refresh.set(refreshToken, { installation, scopes });
    return { access_token: token, refresh_token: refreshToken, expires_in: rotatingSeconds };
  }

  /** The address to which the consent page sends the browser; null when there is no such app. */
  authorize(query: URLSearchParams): string | null {
    const app = this.#appOf(query.get('client_id'));
    const redirectUri = query.get('redirect_uri');
    if (app === null || redirectUri === null || !URL.canParse(redirectUri)) return null;
    const target = new URL(redirectUri);
    const organization = query.get('team') || this.consent.organization;
    const installation = this.#world.installationOf(
      (one) => one.app === app && (organization === undefined || one.organization === organization),
    );
    if (this.consent.deny || installation === null) target.searchParams.set('error', 'access_denied');
    else {
      const code = randomBytes(16).toString('hex');
      const scopes = query.get('scope') || defaultScopes;
      const until = this.#clock.now().getTime() + codeMs;
      this.#codes.set(code, { installation, redirectUri, scopes, until });
      target.searchParams.set('code', code);
    }
    target.searchParams.set('state', query.get('state') ?? '');
    return target.href;
  }

  /** The body of oauth.v2.access. https://docs.slack.dev/reference/methods/oauth.v2.access */
  access(form: URLSearchParams): JsonObject {
    const app = this.#appOf(form.get('client_id'));
    if (app === null) return { ok: false, error: 'invalid_client_id' };
    if (!app.clientSecret || app.clientSecret !== form.get('client_secret')) {
      return { ok: false, error: 'bad_client_secret' };
    }
    switch (form.get('grant_type') ?? 'authorization_code') {
      case 'authorization_code':
        return this.#redeem(app, form.get('code') ?? '', form.get('redirect_uri'));
      case 'refresh_token':
        return this.#renew(app, form.get('refresh_token') ?? '');
      default:
        return { ok: false, error: 'invalid_grant_type' };
    }
  }

  /** The app whose id and secret these are; null for any others. */
  appWithSecret(clientId: string | null, clientSecret: string | null): SlackApp | null {
    const app = this.#appOf(clientId);
    return app?.clientSecret !== undefined && app.clientSecret === clientSecret ? app : null;
  }

  #redeem(app: SlackApp, code: string, redirectUri: string | null): JsonObject {
    const known = this.#codes.get(code);
    if (known === undefined || known.installation.app !== app) return { ok: false, error: 'invalid_code' };
    if (this.#clock.now().getTime() > known.until) return { ok: false, error: 'code_expired' };
    if (known.redirectUri !== redirectUri) return { ok: false, error: 'bad_redirect_uri' };
    this.#codes.delete(code);
    const { installation, scopes } = known;
    return granted(
      installation,
      scopes,
      this.issue(installation, scopes),
      this.#world.person().platformUserId,
    );
  }

  /** The refresh token is used up; the access token before it stays good for the rest of its time. */
  #renew(app: SlackApp, refreshToken: string): JsonObject {
    const known = this.#refresh.get(refreshToken);
    if (known === undefined || known.installation.app !== app) {
      return { ok: false, error: 'invalid_refresh_token' };
    }
    this.#refresh.delete(refreshToken);
    const { installation, scopes } = known;
    return granted(installation, scopes, this.issue(installation, scopes, true), null);
  }

  #appOf(clientId: string | null): SlackApp | null {
    return this.#world.installationOf(({ app }) => app.clientId === clientId)?.app ?? null;
  }

  #inTwelveHours(): number {
    return this.#clock.now().getTime() + rotatingSeconds * 1000;
  }
}

function granted(
  installation: Installation,
  scopes: string,
  tokens: JsonObject,
  userId: string | null,
): JsonObject {
  const { app, enterprise, teams, botUserId } = installation;
  const team = enterprise === null ? teams[0] : undefined;
  return {
    ok: true,
    app_id: app.appId,
    ...(userId === null ? {} : { authed_user: { id: userId } }),
    scope: scopes,
    token_type: 'bot',
    ...tokens,
    bot_user_id: botUserId,
    team: team === undefined ? null : { id: team.id, name: team.name },
    enterprise: enterprise === null ? null : { id: enterprise.id, name: enterprise.name },
    is_enterprise_install: enterprise !== null,
  };
}
