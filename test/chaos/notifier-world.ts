/** The world of the notifier's trials: a database, tenants with people and places, and workers that can be killed. */
import { platforms } from '../../bots/index.ts';
import { AuditKeys } from '../../src/audit/audit-keys.ts';
import { captureReference } from '../../src/conversations/capture-reference.ts';
import { ensureAppRole } from '../../src/infra/app-role.ts';
import { Database } from '../../src/infra/database.ts';
import { SecretBox } from '../../src/infra/secret-box.ts';
import { newId } from '../../src/kernel/ids.ts';
import type { BotPlatform } from '../../src/kernel/platform.ts';
import type { Clock } from '../../src/kernel/ports.ts';
import { enqueueNotification, type NotificationRequest } from '../../src/notify/enqueue.ts';
import { InFlight } from '../../src/notify/in-flight.ts';
import { MessageComposer } from '../../src/notify/message-composer.ts';
import { Notifier } from '../../src/notify/notifier.ts';
import { writePreferences } from '../../src/notify/preference-store.ts';
import { SharedLimits } from '../../src/notify/shared-limits.ts';
import { RegistrationDirectory } from '../../src/registrations/app-directory.ts';
import { addRegistration } from '../../src/registrations/change-registration.ts';
import { createTenant } from '../../src/tenants/create-tenant.ts';
import { insertLink } from '../../src/tenants/link-store.ts';
import { insertUser } from '../../src/tenants/user-store.ts';
import { type LogLine, recordingLog, silentLog } from '../support/log.ts';
import { startLark } from './notifier-lark.ts';
import { type CrashPoint, Life, timeOf, WorkerDatabase } from './notifier-life.ts';
import type { TrialInstallation, TrialPlatform } from './notifier-platform.ts';
import { startSlack } from './notifier-slack.ts';
import { startTeams } from './notifier-teams.ts';
import { SimulatedTime } from './notifier-time.ts';
import type { Wire } from './notifier-wire.ts';

export interface TrialTenant {
  tenantId: string;
  registrationId: string;
  /** User ids of linked people, those last to whom the bot never spoke. */
  users: readonly string[];
  /** Their ids on the platform. */
  platformUserIds: readonly string[];
  /** Addresses of groups and channels. */
  places: readonly string[];
}

export interface Worker {
  name: string;
  life: Life;
  notifier: Notifier;
}

const starters: Readonly<Record<string, (clock: Clock) => Promise<TrialPlatform>>> = {
  lark: startLark,
  slack: startSlack,
  teams: startTeams,
};

const secretKey = Buffer.alloc(32, 7);
/** Every fifth wants the activity feed as well, where there is one. */
export const feedEach = 5;
/** As many of the first organization's people never spoke to the bot. */
const strangers = 6;

export class NotifierWorld {
  readonly time: SimulatedTime;
  readonly platform: TrialPlatform;
  readonly database: Database;
  readonly tenants: readonly TrialTenant[];
  /** What workers said at WARN and ERROR. */
  readonly lines: LogLine[];
  readonly #registrations: RegistrationDirectory;
  readonly #bot: BotPlatform;
  readonly #log = recordingLog();
  readonly #random: () => number;
  readonly #closing: (() => Promise<void>)[] = [];
  #workers = 0;

  /** @param ownerUrl a migrated database of the world's own */
  static async start(platformId: string, ownerUrl: string, random: () => number): Promise<NotifierWorld> {
    // Partitions are made ahead from the real present on.
    const time = new SimulatedTime(Math.floor(Date.now() / 1_000) * 1_000);
    const clock = { now: () => new Date(time.now()) };
    const start = starters[platformId];
    if (start === undefined) throw new Error(`no trials of ${platformId} are known`);
    const platform = await start(clock);
    const secrets = new SecretBox([secretKey]);
    const appUrl = await ensureAppRole(ownerUrl, secrets);
    const database = new Database({ appUrl, ownerUrl, log: silentLog });
    const tenants: TrialTenant[] = [];
    for (const [index, installation] of platform.installations.entries()) {
      tenants.push(await enrol(database, secrets, platform, installation, index, clock.now()));
    }
    const registrations = new RegistrationDirectory({ database, secrets, clock, demoTenantId: null });
    return new NotifierWorld({ time, platform, database, tenants, registrations, random });
  }

  private constructor(parts: {
    time: SimulatedTime;
    platform: TrialPlatform;
    database: Database;
    tenants: readonly TrialTenant[];
    registrations: RegistrationDirectory;
    random: () => number;
  }) {
    this.time = parts.time;
    this.platform = parts.platform;
    this.database = parts.database;
    this.tenants = parts.tenants;
    this.lines = this.#log.lines;
    this.#registrations = parts.registrations;
    this.#random = parts.random;
    const bot = platforms.find(({ id }) => id === parts.platform.id);
    if (bot === undefined) throw new Error(`no platform ${parts.platform.id}`);
    this.#bot = bot;
  }

  /** A worker without a memory. @param reached told of every point that it passes */
  async startWorker(wire: Wire, reached: (life: Life, point: CrashPoint) => void): Promise<Worker> {
    const life = new Life(reached);
    const time = timeOf(this.time, life);
    const clock = { now: () => new Date(time.now()) };
    const database = new WorkerDatabase(this.database, this.time, life);
    const { log } = this.#log;
    const { settings } = this.platform;
    const runtime = await this.#bot.loadRuntime({ apps: this.#registrations, clock, log, settings });
    this.#closing.push(() => runtime.close());
    const wired = wire.runtimeOf(life, runtime);
    const nonce = (tenantId: string, deliveryId: string, label: string) =>
      `${tenantId}.${deliveryId}.${label}`;
    const notifier = new Notifier({
      database,
      time,
      log,
      random: this.#random,
      inFlight: new InFlight(),
      shared: new SharedLimits(database.directory),
      composer: new MessageComposer({ database, clock, publicUrl: 'https://desk.test', nonce }),
      failpoint: (point) => life.pass(point),
      observe: { ended: () => undefined, throttled: () => undefined },
      registrations: {
        find: (tenantId, registrationId) =>
          life.guard(() => this.time.track(this.#registrations.find(tenantId, registrationId))),
      },
      platforms: new Map([[this.#bot.id, this.#bot]]),
      runtime: async () => wired,
      announceElsewhere: () => undefined,
    });
    notifier.start();
    this.#workers += 1;
    return { name: `worker ${this.#workers}`, life, notifier };
  }

  enqueue(tenant: TrialTenant, request: NotificationRequest): Promise<{ notificationId: string }> {
    const now = new Date(this.time.now());
    return this.time.track(
      this.database.inTenant(tenant.tenantId, (tx) => enqueueNotification(tx, request, now)),
    );
  }

  /** Deliveries that are not over, those that are not made yet included. */
  async unfinished(): Promise<number> {
    const [row] = await this.database.maintenance.query<{ count: number }>(
      'select (select count(*) from delivery_ready) + (select count(*) from notification_audience) as count',
    );
    return row?.count ?? 0;
  }

  /** What is left of each lane, when audiences are due, and what the workers said last: for a trial that found a fault. */
  async describe(): Promise<string> {
    const seconds = (column: string) => `round(extract(epoch from ${column} - $1::timestamptz))`;
    const left = await this.database.maintenance.query(
      `select l.platform, l.owner, ${seconds('l.wake_at')} as wake, ${seconds('l.lease_until')} as lease,
         r.phase, count(r.*) as count, ${seconds('min(r.due_at)')} as due, ${seconds('max(r.not_after)')} as not_after
         from active_lanes l left join delivery_ready r on r.lane_id = l.lane_id
        group by l.lane_id, r.phase order by l.lane_id, r.phase`,
      [new Date(this.time.now())],
    );
    const audiences = await this.database.maintenance.query(
      `select kind, count(*) as count, ${seconds('min(due_at)')} as due from due_work group by kind`,
      [new Date(this.time.now())],
    );
    const said = this.lines
      .slice(-5)
      .map(({ message, fields }) => `${message} ${String(fields.err ?? fields.code)}`);
    return JSON.stringify({ left, audiences, said });
  }

  async close(): Promise<void> {
    await Promise.all(this.#closing.map((close) => close()));
    await this.platform.close();
    await this.database.close();
  }
}

async function enrol(
  database: Database,
  secrets: SecretBox,
  platform: TrialPlatform,
  installation: TrialInstallation,
  index: number,
  now: Date,
): Promise<TrialTenant> {
  const tenantId = newId();
  const slug = `tenant-${index}`;
  return await database.inTenant(tenantId, async (tx) => {
    await createTenant(tx, new AuditKeys(secrets), { tenantId, slug, name: slug, settings: {} }, now);
    const { appId, organization, options, credentials, people, places } = installation;
    const added = { platform: platform.id, name: slug, appId, organization, options, credentials };
    const system = { kind: 'system' as const, id: 'trial' };
    const { registrationId } = await addRegistration(
      tx,
      secrets,
      { ...added, status: 'active' },
      system,
      now,
    );
    const registration = { registrationId, platform: platform.id };
    const users: string[] = [];
    for (const [number, { platformUserId, reference }] of people.entries()) {
      const userId = newId();
      users.push(userId);
      const person = { user_id: userId, name: `Person ${number}`, email: `p${number}@${slug}.test` };
      const rest = { roles: ['viewer' as const], status: 'active' as const, locale: null, time_zone: null };
      await insertUser(tx, { ...person, ...rest, external_id: null, created_at: now });
      const link = { link_id: newId(), user_id: userId, registration_id: registrationId, created_at: now };
      await insertLink(tx, { ...link, platform_user_id: platformUserId });
      const isStranger = index === 0 && number >= people.length - strangers;
      if (!isStranger) await captureReference(tx, registration, reference, now);
      const [usual, other] = platform.personalTypes;
      if (usual !== undefined && other !== undefined && number % feedEach === 0) {
        const categories = {
          operation_result: { channels: [other] },
          approval_request: { channels: [usual, other], both: true },
        };
        await writePreferences(tx, userId, { quietHours: null, categories }, now);
      }
    }
    for (const reference of places) await captureReference(tx, registration, reference, now);
    return {
      tenantId,
      registrationId,
      users,
      platformUserIds: people.map(({ platformUserId }) => platformUserId),
      places: places.map(({ platformConversationId }) => platformConversationId),
    };
  });
}
