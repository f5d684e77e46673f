/** The people, organizations and apps of the simulated Slack, with ids of the form that Slack gives them. */
import { createHash } from 'node:crypto';
import type { SimulatedPerson } from '../../../src/kernel/simulated-chat.ts';

export interface SlackPerson extends SimulatedPerson {
  email: string;
  /** Ids of the workspaces that the person is in; every one without it. */
  teams?: readonly string[];
}

export interface SlackTeam {
  /** `T…` */
  id: string;
  name: string;
  /** Part of the workspace's address. */
  domain: string;
}

/** A workspace on its own (`T…`), or an enterprise (`E…`) with workspaces under it. */
export interface SlackOrganization {
  id: string;
  name: string;
  /** The workspaces of an enterprise; ignored for a workspace. */
  teams?: readonly SlackTeam[];
}

export interface SlackApp {
  /** `A…` */
  appId: string;
  name?: string;
  signingSecret: string;
  clientId?: string;
  clientSecret?: string;
  /** Tokens from the consent page end after 12 hours and come with a refresh token. */
  tokenRotation?: boolean;
  /** Types of metadata that it subscribes to, of its own messages; none without it. */
  metadataEvents?: readonly string[];
  installations: readonly SlackAppInstallation[];
}

/** An app in an organization. Several apps may be in one, and one app in several. */
export interface SlackAppInstallation {
  organization: string;
  /** Null: not installed yet; the consent page makes its token. */
  botToken: string | null;
  /** Then the bot token ends 12 hours after the start. */
  refreshToken?: string;
  /** `<app>:<organization>` without it. */
  key?: string;
}

/** A person with made-up ids that are the same in every run. */
export function createPerson(
  key: string,
  name: string,
  platformUserId = stableId('U', `person ${key}`),
): SlackPerson {
  return { key, name, platformUserId, email: `${key}@people.example` };
}

/** Five people, for scripts that bring none of their own; the same keys as on every simulated platform. */
export const samplePeople: readonly SlackPerson[] = [
  createPerson('ann', 'Ann Archer'),
  createPerson('ben', 'Ben Brook'),
  createPerson('cara', 'Cara Cole'),
  createPerson('dan', 'Dan Dale'),
  createPerson('eve', 'Eve East'),
];

/** An id in Slack's form (a letter, then capitals and digits) that depends on the text alone. */
export function stableId(prefix: string, text: string): string {
  const digest = createHash('sha256').update(`${prefix} ${text}`).digest('hex');
  return `${prefix}0${BigInt(`0x${digest}`).toString(36).toUpperCase().slice(0, 9)}`;
}

/** The workspaces of an organization. */
export function teamsOf(organization: SlackOrganization): readonly SlackTeam[] {
  if (organization.id.startsWith('E')) return organization.teams ?? [];
  return [{ id: organization.id, name: organization.name, domain: domainOf(organization.name) }];
}

function domainOf(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-') || 'workspace';
}
