/** Counters, gauges and histograms for Prometheus. No tenant and no user in a label. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

export class Metrics {
  readonly registry = new Registry();

  readonly activities = new Counter({
    name: 'deskbridge_activities_total',
    help: 'Inbound activities by what became of them',
    labelNames: ['platform', 'kind', 'outcome'] as const,
    registers: [this.registry],
  });

  readonly activitySeconds = new Histogram({
    name: 'deskbridge_activity_seconds',
    help: 'From the arrival of an activity to its acknowledgement',
    labelNames: ['platform'] as const,
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers: [this.registry],
  });

  readonly actions = new Counter({
    name: 'deskbridge_actions_total',
    help: 'Actions by surface and result',
    labelNames: ['action', 'surface', 'result'] as const,
    registers: [this.registry],
  });

  readonly throttled = new Counter({
    name: 'deskbridge_throttled_total',
    help: 'Sends that a platform refused for their rate',
    labelNames: ['platform'] as const,
    registers: [this.registry],
  });

  readonly webhookRejected = new Counter({
    name: 'deskbridge_webhook_rejected_total',
    help: 'Inbound requests that were not authentic, not translatable or not enrolled',
    labelNames: ['platform', 'reason'] as const,
    registers: [this.registry],
  });

  readonly registrationRejected = new Counter({
    name: 'deskbridge_registration_rejected_total',
    help: 'Registrations that were refused',
    labelNames: ['platform', 'reason'] as const,
    registers: [this.registry],
  });

  readonly captureFailures = new Counter({
    name: 'deskbridge_reference_capture_failures_total',
    help: 'Conversation references that could not be written',
    registers: [this.registry],
  });

  /** Counted when a delivery gets the status; `error_code` is empty where there is none. */
  readonly deliveries = new Counter({
    name: 'deskbridge_deliveries_total',
    help: 'Deliveries by the status that they reached',
    labelNames: ['platform', 'status', 'error_code'] as const,
    registers: [this.registry],
  });

  /** Only what waits for a platform's pace or an outage is late by minutes. */
  readonly deliveryLatency = new Histogram({
    name: 'deskbridge_delivery_latency_seconds',
    help: 'From the moment a delivery is due to its request to the platform',
    labelNames: ['platform'] as const,
    buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 15, 60, 300, 1_800, 3_600],
    registers: [this.registry],
  });

  readonly laneBacklog = new Gauge({
    name: 'deskbridge_lane_backlog',
    help: 'Deliveries that wait in the lanes of a platform',
    labelNames: ['platform'] as const,
    registers: [this.registry],
  });

  readonly partitionMonthsAhead = new Gauge({
    name: 'deskbridge_partition_months_ahead',
    help: 'Months after the current one whose partitions exist; -1: the current one is missing',
    registers: [this.registry],
  });

  readonly partitionsOverdue = new Gauge({
    name: 'deskbridge_partitions_overdue',
    help: 'Partitions past their retention that are still there',
    registers: [this.registry],
  });

  readonly partitionFailures = new Counter({
    name: 'deskbridge_partition_failures_total',
    help: 'Turns of the upkeep of partitions that failed',
    registers: [this.registry],
  });

  constructor() {
    collectDefaultMetrics({ register: this.registry });
    // Before the first look there is nothing to tell; a 0 would raise an alarm.
    this.partitionMonthsAhead.remove();
    this.partitionsOverdue.remove();
  }

  /** Shows what waits now; a platform that is left out has nothing waiting. */
  showBacklog(byPlatform: ReadonlyMap<string, number>): void {
    this.laneBacklog.reset();
    for (const [platform, waiting] of byPlatform) this.laneBacklog.set({ platform }, waiting);
  }

  /** Shows how far the partitions reach and how many should be gone. */
  showPartitions({ monthsAhead, overdue }: { monthsAhead: number; overdue: number }): void {
    this.partitionMonthsAhead.set(monthsAhead);
    this.partitionsOverdue.set(overdue);
  }
}
