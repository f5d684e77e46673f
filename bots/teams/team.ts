/** Which team a channel belongs to, by the id that Graph knows it by. */
import { z } from 'zod';
import type { LookUp, OutboundDelivery } from '../../src/kernel/notification.ts';
import { parseJson } from '../shared/json.ts';
import { remember } from '../shared/remember.ts';
import { isEntraId } from './addressing.ts';
import type { TeamsCalls } from './calls.ts';
import { lookUpOfOutcome, lookUpOfRefusal } from './graph-errors.ts';
import { connectorUrl } from './hosts.ts';

const teamSchema = z.object({ aadGroupId: z.string().refine(isEntraId) });

const unknownTeam: LookUp = {
  result: 'unknowable',
  detail: "The channel's team is not known: nobody spoke to the bot there since it keeps teams.",
};

/**
 * The Microsoft 365 group behind the team. Activities tell it, or only the connector's id of the team, of which the
 * connector then tells it (https://learn.microsoft.com/microsoftteams/platform/bots/how-to/get-teams-context).
 */
export async function groupOfTeam(
  calls: TeamsCalls,
  { registration, reference, timeoutMs }: OutboundDelivery,
): Promise<{ id: string } | LookUp> {
  const team = reference?.channelId ?? null;
  if (reference === null || team === null) return unknownTeam;
  if (isEntraId(team)) return { id: team };
  const key = `${registration.registrationId}|${team}`;
  const known = calls.teams.get(key);
  if (known !== undefined) return { id: known };
  const serviceUrl = connectorUrl(registration, reference.serviceUrl, calls.settings);
  if (serviceUrl === null) return unknownTeam;
  const url = `${serviceUrl}/v3/teams/${encodeURIComponent(team)}`;
  const answer = await calls.connector.call(registration, { method: 'GET', url }, timeoutMs);
  if (!answer.ok) return lookUpOfOutcome(answer.outcome);
  const { result } = answer;
  if (result.kind === 'failed' || result.status >= 500 || result.status === 429) {
    return lookUpOfRefusal(result, '', calls.clock.now());
  }
  const found = teamSchema.safeParse(parseJson(result.body));
  if (result.status !== 200 || !found.success) return unknownTeam;
  remember(calls.teams, key, found.data.aadGroupId);
  return { id: found.data.aadGroupId };
}
