/** Tells the metrics that a delivery ended. */
import type { PendingDelivery, Transition } from './delivery.ts';
import type { LaneObserver } from './lane.ts';

export function observeEnd(
  observe: LaneObserver,
  platform: string,
  { startedAt, dueAt }: PendingDelivery,
  transition: Extract<Transition, { to: 'sent' | 'failed' | 'skipped' }>,
): void {
  if (transition.to !== 'sent') {
    observe.ended(platform, transition.to, transition.code, null);
    return;
  }
  const latencyMs = startedAt === null ? null : Math.max(0, startedAt.getTime() - dueAt);
  observe.ended(platform, transition.proof ? 'delivered' : 'sent', null, latencyMs);
}
