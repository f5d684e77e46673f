/** The servers of an inbound benchmark: Deskbridge and its peers, all at once, since an idle one costs next to nothing. */
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Client } from 'pg';
import type { InboundPlatform } from './inbound-platform.ts';
import { secretKey } from './inbound-world.ts';
import { type ServerProcess, startServer } from './processes.ts';

const root = resolve(import.meta.dirname, '..');

/** A server under load. */
export interface Side {
  /** `deskbridge`, or the peer's id. */
  id: string;
  server: ServerProcess;
  /** Where it takes the platform's requests. */
  path: string;
  /** It says what it heard. */
  echoes: boolean;
  usesDatabase: boolean;
}

export interface Place {
  platform: InboundPlatform;
  /** Connection string of the cluster's superuser. */
  clusterUrl: string;
  /** Deskbridge's database. */
  databaseUrl: string;
  /** Any registration of the app. */
  registrationId: string;
  /** The fake platform. */
  platformUrl: string;
  /** For logs and data. */
  folder: string;
  profileInto: string | null;
}

/** Starts Deskbridge and the platform's peers; Deskbridge is the first. */
export async function startSides(place: Place): Promise<[Side, ...Side[]]> {
  const home = join(place.folder, `servers-${place.platform.id}`);
  await mkdir(home);
  const subject = await startDeskbridge(place, home);
  const peers: Side[] = [];
  for (const peer of place.platform.peers) peers.push(await startPeer(place, home, peer));
  return [subject, ...peers];
}

async function startDeskbridge(place: Place, home: string): Promise<Side> {
  const { platform, platformUrl, databaseUrl, registrationId, profileInto } = place;
  const profile =
    profileInto === null ? [] : ['--cpu-prof', `--cpu-prof-dir=${resolve(profileInto, platform.id)}`];
  const server = await startServer({
    cwd: home,
    args: [...profile, join(root, 'bin/start.js')],
    logFile: join(home, 'deskbridge.log'),
    readyPath: '/readyz',
    environment: {
      NODE_ENV: 'production',
      DATABASE_URL: databaseUrl,
      DESKBRIDGE_DATA_DIR: join(home, 'data'),
      DESKBRIDGE_DEMO: '0',
      DESKBRIDGE_ADMIN_TOKEN: 'operator-token-of-the-benchmark',
      DESKBRIDGE_SECRET_KEY: secretKey.toString('base64'),
      ...platform.settings(platformUrl),
    },
  });
  return { id: 'deskbridge', server, path: platform.path(registrationId), echoes: false, usesDatabase: true };
}

async function startPeer(
  { platform, platformUrl, clusterUrl }: Place,
  home: string,
  peer: InboundPlatform['peers'][number],
): Promise<Side> {
  const { id, file, path, usesDatabase } = peer;
  const databaseUrl = usesDatabase ? await createDatabase(clusterUrl, id.replaceAll('-', '_')) : '';
  const server = await startServer({
    cwd: home,
    args: [join(import.meta.dirname, platform.id, file)],
    logFile: join(home, `${id}.log`),
    readyPath: '/',
    environment: { NODE_ENV: 'production', ...peer.environment({ platformUrl, databaseUrl }) },
  });
  return { id, server, path, echoes: true, usesDatabase };
}

/** @returns its connection string, of the same role */
export async function createDatabase(clusterUrl: string, name: string): Promise<string> {
  const client = new Client({ connectionString: clusterUrl });
  await client.connect();
  await client.query(`create database ${name}`);
  await client.end();
  const url = new URL(clusterUrl);
  url.pathname = `/${name}`;
  return url.href;
}
