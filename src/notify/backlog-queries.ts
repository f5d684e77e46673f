/** How much waits to be sent, over all tenants: counts alone, read past row-level security for the metrics. */
import type { Sql } from '../infra/database.ts';

/** Deliveries that are not over, by platform; a platform with none is left out. @param maintenance the owner's connection */
export async function countBacklog(maintenance: Sql): Promise<Map<string, number>> {
  const [waiting, lanes] = await Promise.all([
    maintenance.query<{ laneId: string; waiting: number }>(
      'select lane_id as "laneId", count(*) as waiting from delivery_ready group by lane_id',
    ),
    maintenance.query<{ laneId: string; platform: string }>(
      'select lane_id as "laneId", platform from active_lanes',
    ),
  ]);
  const platforms = new Map(lanes.map(({ laneId, platform }) => [laneId, platform]));
  const backlog = new Map<string, number>();
  for (const { laneId, waiting: count } of waiting) {
    const platform = platforms.get(laneId);
    if (platform !== undefined) backlog.set(platform, (backlog.get(platform) ?? 0) + count);
  }
  return backlog;
}
