/** Microsoft Teams as a chat platform. */
import type { z } from 'zod';
import type { JsonObject } from '../../src/kernel/canonical-json.ts';
import type { BotPlatform } from '../../src/kernel/platform.ts';
import { credentialsSchema, registrationSchema } from './credentials.ts';
import { renderAnswer } from './render-answer.ts';
import { toActivity } from './to-activity.ts';
import { createTeamsReceiver } from './verify.ts';

export const teams: BotPlatform = {
  id: 'teams',
  paths: ['/api/messages'],
  capabilities: {
    updateInPlace: true,
    // Only answers to an invoke are seen by one person; a message to a group is everyone's.
    ephemeral: false,
    modal: true,
    messageShortcut: true,
    serverSideIdempotency: false,
    // Reading back takes Graph permissions that a registration does not have by itself.
    readback: false,
  },
  registration: registrationSchema satisfies z.ZodType<JsonObject>,
  credentials: credentialsSchema satisfies z.ZodType<JsonObject>,
  createReceiver: createTeamsReceiver,
  toActivity,
  renderAnswer,
  async loadRuntime(environment) {
    const { createTeamsRuntime } = await import('./runtime.ts');
    return createTeamsRuntime(environment);
  },
};
