/** Translation of a verified Slack payload into our own activity: pure, and never throwing, whatever the shape. */
import type { JsonObject } from '../../src/kernel/canonical-json.ts';
import type { Translation } from '../../src/kernel/platform.ts';
import { activityOfCommand } from './commands.ts';
import { readPayload } from './envelope.ts';
import { activityOfEvent } from './events.ts';
import { activityOfInteraction } from './interactions.ts';

/**
 * The activity that a payload of the receiver stands for. Refused, with a metric label, when it names no organization,
 * or when a request that has to be deduplicated has no id.
 */
export function toActivity(payload: JsonObject, appId: string): Translation {
  const request = readPayload(payload);
  if (request === null) return { ok: false, reason: 'malformed_payload' };
  switch (request.kind) {
    case 'event':
      return activityOfEvent(request.body, appId);
    case 'interaction':
      return activityOfInteraction(request, appId);
    case 'command':
      return activityOfCommand(request, appId);
  }
}
