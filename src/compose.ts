/** The only file that builds everything: parts in order, closed in reverse. */

import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { platforms } from '../bots/index.ts';
import { createCommandParser } from './actions/parse-command.ts';
import { actions } from './actions/registry.ts';
import { AuditKeys } from './audit/audit-keys.ts';
import type { Config } from './config.ts';
import { demoTeams } from './demo/demo-data.ts';
import { type DemoSimulators, openSimulators } from './demo/open-simulators.ts';
import { seedConversations } from './demo/seed-conversations.ts';
import { seedDemo } from './demo/seed-demo.ts';
import { adminRoutes, createApp } from './http/app.ts';
import { Authenticator } from './http/auth.ts';
import { frontPage } from './http/front-page.ts';
import { openApiDocument } from './http/openapi.ts';
import { RateLimiter } from './http/rate-limit.ts';
import type { ApiServices } from './http/route.ts';
import type { InboundDependencies } from './inbound/handle-activity.ts';
import { Nonces } from './inbound/nonces.ts';
import { ReplyRecords } from './inbound/record-replies.ts';
import type { SendDependencies } from './inbound/send-reply.ts';
import { ensureAppRole } from './infra/app-role.ts';
import { checkSecretKeys } from './infra/check-secret-keys.ts';
import { Database } from './infra/database.ts';
import { Metrics } from './infra/metrics.ts';
import { migrate } from './infra/migrate.ts';
import { Runtimes } from './infra/runtimes.ts';
import { SecretBox } from './infra/secret-box.ts';
import type { PlatformCapabilities, PlatformEnvironment } from './kernel/platform.ts';
import type { Clock, Log } from './kernel/ports.ts';
import { PartitionKeeper } from './notify/keep-partitions.ts';
import type { LaneObserver } from './notify/lane.ts';
import {
  announceElsewhere,
  keepAligned,
  type RunningNotifier,
  startNotifier,
} from './notify/start-notifier.ts';
import { DatabaseTime } from './notify/time.ts';
import { RegistrationDirectory } from './registrations/app-directory.ts';
import { isLate, startBacklogWatch, startPartitionUpkeep, startSweeps } from './sweeps.ts';
import { LinkCodes } from './tenants/links.ts';
import { tenantIds } from './tenants/tenant-queries.ts';
import { languages } from './words/index.ts';
import { Background } from './work/background.ts';
import { Leader } from './work/leader.ts';
import type { PollingLoop } from './work/polling-loop.ts';

export const version = '0.1.0';

export interface ComposeOptions {
  config: Config;
  /** Connection string of the database's owner. */
  ownerUrl: string;
  adminToken: string;
  secretKeys: readonly Buffer[];
  log: Log;
  clock?: Clock;
  /** Milliseconds between sweeps; tests use short ones. */
  sweepEveryMs?: number;
}

export interface Running {
  /** Where it listens, e.g. `http://127.0.0.1:3978`. */
  url: string;
  services: ApiServices;
  /** Refuses new requests, lets running ones end, then lets go of everything; safe to call twice. */
  close(): Promise<void>;
}

/** Builds and starts the parts that the configured roles ask for. */
export async function compose(options: ComposeOptions): Promise<Running> {
  const { config, ownerUrl, log } = options;
  const time = new DatabaseTime();
  const clock = options.clock ?? time.clock;
  const secrets = new SecretBox(options.secretKeys);
  await migrate({ ownerUrl, log });
  await checkSecretKeys(ownerUrl, secrets, clock.now());
  const appUrl = await ensureAppRole(ownerUrl, secrets);
  const database = new Database({ appUrl, ownerUrl, log });
  const aligned = await keepAligned(time, database, log);

  const auditKeys = new AuditKeys(secrets);
  const demoTenantId = config.demo ? await seedDemo({ database, auditKeys, secrets, clock }) : null;
  const registrations = new RegistrationDirectory({ database, secrets, clock, demoTenantId });
  const metrics = new Metrics();
  const demo = demoTenantId === null ? null : await openSimulators(config, registrations, demoTenantId);
  if (demo !== null && demoTenantId !== null) {
    await seedConversations(database, demoTenantId, demo.conversations, clock);
  }
  const environment = platformEnvironment(config, demo, registrations, clock, log);
  const runtimes = new Runtimes(platforms, environment);
  const background = new Background();

  const services: ApiServices = {
    database,
    auditKeys,
    secrets,
    linkCodes: new LinkCodes(secrets.derive('link codes')),
    nonces: new Nonces(secrets.derive('nonces')),
    registrations,
    platforms: new Map(platforms.map((platform) => [platform.id, platform])),
    environment,
    runtime: (platform) => runtimes.of(platform),
    actions: new Map(actions.map((action) => [action.id, action])),
    metrics,
    clock,
    log,
    publicUrl: config.publicUrl,
  };
  const notifier = config.roles.includes('notifier') ? openNotifier(services, time, appUrl) : null;
  const stopAnnouncing = notifier === null ? announceElsewhere(database, log) : null;
  const sending: SendDependencies = {
    database,
    records: new ReplyRecords(database),
    clock,
    log,
    runtime: services.runtime,
    onThrottled: (platform) => metrics.throttled.inc({ platform }),
    onSent: ({ registration, reference }) =>
      notifier?.notifier.countReply(registration.registrationId, reference),
  };
  const loops: PollingLoop[] = [];
  if (config.roles.includes('worker')) {
    loops.push(...startSweeps({ ...sending, registrations }, options.sweepEveryMs ?? 2_000));
  }
  const leader = new Leader({ directory: database.directory, clock });
  const partitions = new PartitionKeeper({
    database,
    ownerUrl,
    clock,
    log,
    retentionDays: config.deliveryRetentionDays,
    tenantIds: () => tenantIds(database.directory),
    show: (state) => metrics.showPartitions(state),
    onFailed: () => metrics.partitionFailures.inc(),
  });
  loops.push(startPartitionUpkeep(partitions, config.roles.includes('worker') ? leader : null, log));
  if (notifier !== null) loops.push(startBacklogWatch(database, metrics, log));
  const web = {
    webhooks: {
      inbound: inboundDependencies(services),
      sending,
      registrations,
      platforms: platforms.map((platform) => ({
        platform,
        receiver: platform.createReceiver(environment(platform.id)),
      })),
      metrics,
      background: (work: Promise<unknown>) => background.add(work),
    },
    installs: services,
    api: {
      services,
      authenticator: new Authenticator({ database, adminToken: options.adminToken, clock }),
      limiter: new RateLimiter({ perSecond: 100, burst: 500 }, clock),
    },
  };
  const app = createApp({
    web: config.roles.includes('web') ? web : null,
    service: {
      database,
      metrics,
      openApi: openApiDocument(adminRoutes, { version, serverUrl: config.publicUrl }),
      frontPage: frontPage({ version, demo: config.demo }),
      degraded: () => [
        ...loops
          .filter((loop) => isLate(loop, clock) || (loop.name === 'partitions' && partitions.isBehind))
          .map((loop) => loop.name),
        ...(notifier !== null && notifier.notifier.lagMs > notifierLateMs ? ['notifier'] : []),
      ],
    },
    log,
  });
  const server = createServer(app);
  await listen(server, config);
  await demo?.connect(urlOf(server, config));

  let closing: Promise<void> | null = null;
  const close = async () => {
    await stopListening(server);
    await Promise.all([leader.resign(), ...loops.map((loop) => loop.stop())]);
    await background.settled(5_000);
    stopAnnouncing?.();
    await notifier?.close();
    await demo?.close();
    await runtimes.close();
    clearInterval(aligned);
    await database.close();
  };
  return { url: urlOf(server, config), services, close: () => (closing ??= close()) };
}

/** Leases last five seconds: a notifier that did not look after them for so long has lost its lanes. */
const notifierLateMs = 15_000;

function openNotifier(services: ApiServices, time: DatabaseTime, listenUrl: string): RunningNotifier {
  const { database, log, registrations, platforms, runtime, publicUrl, nonces, metrics } = services;
  const observe: LaneObserver = {
    ended(platform, status, errorCode, latencyMs) {
      metrics.deliveries.inc({ platform, status, error_code: errorCode ?? '' });
      if (latencyMs !== null) metrics.deliveryLatency.observe({ platform }, latencyMs / 1_000);
    },
    throttled: (platform) => metrics.throttled.inc({ platform }),
  };
  const nonce = nonces.issueForDelivery.bind(nonces);
  return startNotifier({
    database,
    listenUrl,
    log,
    registrations,
    platforms,
    runtime,
    publicUrl,
    nonce,
    observe,
    time,
  });
}

function inboundDependencies(services: ApiServices): InboundDependencies {
  const { database, auditKeys, nonces, linkCodes, clock, log, publicUrl, metrics } = services;
  const parser = createCommandParser(actions, languages);
  return {
    database,
    auditKeys,
    nonces,
    linkCodes,
    clock,
    log,
    publicUrl,
    interpreter: { parser, actions: services.actions, publicUrl },
    onCaptureFailed: () => metrics.captureFailures.inc(),
    capabilitiesOf,
    onAction: (action, surface, result) => metrics.actions.inc({ action, surface, result }),
  };
}

/** What each platform is given of the configuration. */
function platformEnvironment(
  config: Config,
  demo: DemoSimulators | null,
  apps: RegistrationDirectory,
  clock: Clock,
  log: Log,
): (platform: string) => PlatformEnvironment {
  const settings: Record<string, PlatformEnvironment['settings']> = {
    teams: {
      openIdUrl: config.teams.openIdUrl,
      loginUrl: config.teams.loginUrl,
      serviceUrl: config.teams.serviceUrl,
      serviceHosts: [...config.teams.serviceHosts],
      demoAppId: config.demo ? demoTeams.appId : null,
      graphApiUrl: config.graph.apiUrl,
      graphLoginUrl: config.graph.loginUrl,
      demoServiceUrl: demo?.teamsServiceUrl ?? null,
      demoGraphUrl: demo?.teamsGraphUrl ?? null,
    },
    slack: {
      apiUrl: config.slack.apiUrl,
      publicUrl: config.publicUrl,
      demoApiUrl: demo?.slackApiUrl ?? null,
    },
    lark: { apiUrl: config.lark.apiUrl, demoApiUrl: demo?.larkApiUrl ?? null },
  };
  return (platform) => ({ apps, clock, log, settings: settings[platform] ?? {} });
}

/** @throws Error for a platform that is not in the list */
function capabilitiesOf(platformId: string): PlatformCapabilities {
  const platform = platforms.find(({ id }) => id === platformId);
  if (platform === undefined) throw new Error(`no platform ${platformId}`);
  return platform.capabilities;
}

async function listen(server: Server, config: Config): Promise<void> {
  server.listen(config.port, config.host);
  // Rejects with the listener's own error, e.g. for a port in use.
  await once(server, 'listening');
}

function urlOf(server: Server, config: Config): string {
  const { port } = server.address() as AddressInfo;
  return `http://${config.host.includes(':') ? `[${config.host}]` : config.host}:${port}`;
}

async function stopListening(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), 3_000);
  await closed;
  clearTimeout(timer);
}
