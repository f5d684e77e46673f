/** Lark and Feishu as a chat platform. */
import type { z } from 'zod';
import type { JsonObject } from '../../src/kernel/canonical-json.ts';
import type { BotPlatform } from '../../src/kernel/platform.ts';
import { larkAddressing } from './addressing.ts';
import {
  appIdSchema,
  credentialsSchema,
  mergeCredentials,
  organizationSchema,
  registrationSchema,
} from './credentials.ts';
import { larkLimits } from './limits.ts';
import { larkManifest } from './manifest.ts';
import { renderAnswer } from './render-answer.ts';
import { toActivity } from './to-activity.ts';
import { createLarkReceiver } from './verify.ts';

export const lark: BotPlatform = {
  id: 'lark',
  name: 'Lark',
  paths: ['/lark/events/:registration'],
  capabilities: {
    updateInPlace: true,
    // Cards that one person of a group sees cannot be updated, and take a call of their own.
    ephemeral: false,
    // Forms stand on cards.
    modal: false,
    messageShortcut: false,
    serverSideIdempotency: true,
    readback: true,
    home: false,
    messageExtension: false,
  },
  // The platform waits 3 s for the answer to a card callback.
  answerWithinMs: 2_500,
  limits: larkLimits,
  addressing: larkAddressing,
  appId: appIdSchema,
  organization: organizationSchema,
  registration: registrationSchema satisfies z.ZodType<JsonObject>,
  credentials: credentialsSchema satisfies z.ZodType<JsonObject>,
  mergeCredentials,
  manifest: larkManifest,
  createReceiver: createLarkReceiver,
  toActivity,
  renderAnswer,
  async loadRuntime(environment) {
    const { createLarkRuntime } = await import('./runtime.ts');
    return createLarkRuntime(environment);
  },
};
