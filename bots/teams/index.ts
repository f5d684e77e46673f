/** Microsoft Teams as a chat platform. */
import type { z } from 'zod';
import type { JsonObject } from '../../src/kernel/canonical-json.ts';
import type { BotPlatform } from '../../src/kernel/platform.ts';
import { teamsAddressing } from './addressing.ts';
import { credentialsSchema, entraIdSchema, registrationSchema } from './credentials.ts';
import { teamsLimits } from './limits.ts';
import { teamsManifest } from './manifest.ts';
import { renderAnswer } from './render-answer.ts';
import { toActivity } from './to-activity.ts';
import { createTeamsReceiver } from './verify.ts';

export const teams: BotPlatform = {
  id: 'teams',
  name: 'Microsoft Teams',
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
    home: false,
    messageExtension: true,
  },
  // Invokes wait five seconds.
  answerWithinMs: 4_000,
  limits: teamsLimits,
  addressing: teamsAddressing,
  appId: entraIdSchema,
  organization: entraIdSchema,
  registration: registrationSchema satisfies z.ZodType<JsonObject>,
  credentials: credentialsSchema satisfies z.ZodType<JsonObject>,
  manifest: teamsManifest,
  createReceiver: createTeamsReceiver,
  toActivity,
  renderAnswer,
  async loadRuntime(environment) {
    const { createTeamsRuntime } = await import('./runtime.ts');
    return createTeamsRuntime(environment);
  },
};
