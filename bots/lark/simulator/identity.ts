/** Apps, where they are installed, their app tickets, and the access tokens that they ask for. */
import { randomBytes } from 'node:crypto';
import type { JsonObject } from '../../../src/kernel/canonical-json.ts';
import type { Clock } from '../../../src/kernel/ports.ts';
import type { SimulatedInstallation } from '../../../src/kernel/simulated-chat.ts';

export interface SimulatedApp {
  /** `cli_…`. */
  appId: string;
  appSecret: string;
  encryptKey: string;
  verificationToken: string;
  /** A custom app belongs to one organization; an ISV app gets its tokens by app_ticket. */
  type: 'custom' | 'isv';
  /** tenant_keys where it is installed. Without them: a custom app in the first organization, an ISV app in all. */
  organizations?: readonly string[];
}

/** Refusals by code. `invalidToken` and `missingToken` come from the gateway, the others from the token routes. */
const refusals = {
  invalidParameter: { code: 10003, msg: 'invalid param' },
  invalidTicket: { code: 10012, msg: 'app_ticket invalid' },
  invalidSecret: { code: 10014, msg: 'app secret invalid' },
  invalidAppToken: { code: 99991664, msg: 'Invalid app access token for authorization.' },
} as const;

const tokenSeconds = 7200;
/** A token is given again while it is good for longer than this; later, a new one beside it. */
const renewSeconds = 1800;
/** A ticket is pushed every hour; one that was overtaken by the next still works. */
const ticketSeconds = 7200;

interface Issued {
  token: string;
  appId: string;
  /** Null for an app_access_token, which speaks for no organization. */
  organization: string | null;
  /** Milliseconds since 1970. */
  until: number;
}

/** Whom a bearer token speaks for. */
export interface Caller {
  appId: string;
  organization: string;
}

export class Identity {
  readonly apps: readonly SimulatedApp[];
  readonly installations: readonly SimulatedInstallation[];
  readonly #clock: Clock;
  readonly #issued = new Map<string, Issued>();
  readonly #tickets = new Map<string, { appId: string; until: number }>();

  /** @throws Error for a custom app in several organizations, which Lark does not have. */
  constructor(apps: readonly SimulatedApp[], organizations: readonly string[], clock: Clock) {
    this.apps = apps;
    this.#clock = clock;
    this.installations = apps.flatMap((app) =>
      organizationsOf(app, organizations).map((organization) => ({
        key: `${app.appId}@${organization}`,
        appId: app.appId,
        organization,
      })),
    );
  }

  /** @throws Error when there is none */
  app(appId: string): SimulatedApp {
    const app = this.apps.find((candidate) => candidate.appId === appId);
    if (app === undefined) throw new Error(`no app has the id "${appId}"`);
    return app;
  }

  isInstalled(appId: string, organization: string): boolean {
    return this.installations.some((one) => one.appId === appId && one.organization === organization);
  }

  /** A new app_ticket; those before it stay good for a while. */
  issueTicket(appId: string): string {
    const ticket = randomBytes(20).toString('hex');
    this.#tickets.set(ticket, { appId, until: this.#now() + ticketSeconds * 1000 });
    return ticket;
  }

  /** Answer of `…_access_token/internal`: a custom app's own tokens. */
  internalToken(body: JsonObject): JsonObject {
    const app = this.#authenticated(body);
    if ('code' in app) return app;
    const organization = this.installations.find(({ appId }) => appId === app.appId)?.organization;
    if (app.type !== 'custom' || organization === undefined) return refusals.invalidParameter;
    const tenant = this.#tokenOf(app.appId, organization);
    const own = this.#tokenOf(app.appId, null);
    return {
      code: 0,
      msg: 'ok',
      tenant_access_token: tenant.token,
      app_access_token: own.token,
      expire: this.#secondsLeft(tenant),
    };
  }

  /** Answer of `app_access_token`: an ISV app's, for its ticket. */
  isvAppToken(body: JsonObject): JsonObject {
    const app = this.#authenticated(body);
    if ('code' in app) return app;
    if (app.type !== 'isv') return refusals.invalidParameter;
    const ticket = this.#tickets.get(String(body.app_ticket));
    if (ticket === undefined || ticket.appId !== app.appId || ticket.until <= this.#now())
      return refusals.invalidTicket;
    const issued = this.#tokenOf(app.appId, null);
    return { code: 0, msg: 'success', app_access_token: issued.token, expire: this.#secondsLeft(issued) };
  }

  /** Answer of `tenant_access_token`: an ISV app's in one organization. */
  isvTenantToken(body: JsonObject): JsonObject {
    const holder = this.#live(String(body.app_access_token));
    if (holder === null || holder.organization !== null) return refusals.invalidAppToken;
    const organization = String(body.tenant_key);
    if (!this.isInstalled(holder.appId, organization)) return refusals.invalidParameter;
    const issued = this.#tokenOf(holder.appId, organization);
    return { code: 0, msg: 'success', tenant_access_token: issued.token, expire: this.#secondsLeft(issued) };
  }

  /** The ISV app that asks for its ticket; or the refusal. */
  ticketAsked(body: JsonObject): SimulatedApp | { code: number; msg: string } {
    const app = this.#authenticated(body);
    return 'code' in app || app.type === 'isv' ? app : refusals.invalidParameter;
  }

  /** Whom a tenant_access_token speaks for; null when it is none of ours or too old. */
  caller(token: string): Caller | null {
    const issued = this.#live(token);
    if (issued === null || issued.organization === null) return null;
    return { appId: issued.appId, organization: issued.organization };
  }

  /** Makes every token that bots hold invalid. */
  revokeTokens(): void {
    this.#issued.clear();
  }

  #authenticated(body: JsonObject): SimulatedApp | { code: number; msg: string } {
    const app = this.apps.find(({ appId }) => appId === body.app_id);
    if (app === undefined) return refusals.invalidParameter;
    return app.appSecret === body.app_secret ? app : refusals.invalidSecret;
  }

  #tokenOf(appId: string, organization: string | null): Issued {
    for (const issued of this.#issued.values()) {
      const same = issued.appId === appId && issued.organization === organization;
      if (same && this.#secondsLeft(issued) > renewSeconds) return issued;
    }
    const token = `${organization === null ? 'a' : 't'}-${randomBytes(20).toString('hex')}`;
    const issued = { token, appId, organization, until: this.#now() + tokenSeconds * 1000 };
    this.#issued.set(token, issued);
    return issued;
  }

  #live(token: string): Issued | null {
    const issued = this.#issued.get(token);
    return issued !== undefined && issued.until > this.#now() ? issued : null;
  }

  #secondsLeft(issued: Issued): number {
    return Math.floor((issued.until - this.#now()) / 1000);
  }

  #now(): number {
    return this.#clock.now().getTime();
  }
}

function organizationsOf(app: SimulatedApp, all: readonly string[]): readonly string[] {
  if (app.organizations === undefined) return app.type === 'isv' ? all : all.slice(0, 1);
  if (app.type === 'custom' && app.organizations.length > 1)
    throw new Error(`${app.appId} is a custom app: it belongs to one organization`);
  return app.organizations;
}
