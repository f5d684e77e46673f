/** The platforms of the inbound benchmark. */
import type { InboundPlatform } from './inbound-platform.ts';
import { larkSetup } from './lark/setup.ts';
import { slackSetup } from './slack/setup.ts';
import { teamsSetup } from './teams/setup.ts';

export const inboundPlatforms: readonly InboundPlatform[] = [teamsSetup, slackSetup, larkSetup];
