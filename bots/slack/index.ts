/** Slack as a chat platform. */
import type { z } from 'zod';
import type { JsonObject } from '../../src/kernel/canonical-json.ts';
import type { BotPlatform } from '../../src/kernel/platform.ts';
import { slackAddressing } from './addressing.ts';
import {
  appIdSchema,
  credentialsSchema,
  mergeCredentials,
  organizationSchema,
  registrationSchema,
} from './credentials.ts';
import { slackInstall } from './install.ts';
import { slackLimits } from './limits.ts';
import { slackManifest } from './manifest.ts';
import { answersByCall, renderAnswer } from './render-answer.ts';
import { toActivity } from './to-activity.ts';
import { createSlackReceiver } from './verify.ts';

export const slack: BotPlatform = {
  id: 'slack',
  name: 'Slack',
  paths: ['/slack/events/:registration', '/slack/events'],
  capabilities: {
    updateInPlace: true,
    ephemeral: true,
    modal: true,
    messageShortcut: true,
    // `client_msg_id` is not documented: what may have been posted is looked up by its metadata instead.
    serverSideIdempotency: false,
    readback: true,
    home: true,
    messageExtension: false,
  },
  // Slack waits three seconds.
  answerWithinMs: 2_500,
  limits: slackLimits,
  addressing: slackAddressing,
  appId: appIdSchema,
  organization: organizationSchema,
  registration: registrationSchema satisfies z.ZodType<JsonObject>,
  credentials: credentialsSchema satisfies z.ZodType<JsonObject>,
  mergeCredentials,
  install: slackInstall,
  manifest: slackManifest,
  createReceiver: createSlackReceiver,
  toActivity,
  renderAnswer,
  answersByCall,
  async loadRuntime(environment) {
    const { createSlackRuntime } = await import('./runtime.ts');
    return createSlackRuntime(environment);
  },
};
