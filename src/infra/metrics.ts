/** Counters and histograms for Prometheus. No tenant and no user in a label. */
import { Counter, collectDefaultMetrics, Histogram, Registry } from 'prom-client';

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

  constructor() {
    collectDefaultMetrics({ register: this.registry });
  }
}
