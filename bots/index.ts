/** Every chat platform. Adding one is its folder and a line here. */
import type { BotPlatform } from '../src/kernel/platform.ts';
import { lark } from './lark/index.ts';
import { slack } from './slack/index.ts';
import { teams } from './teams/index.ts';

export const platforms: readonly BotPlatform[] = [teams, slack, lark];
