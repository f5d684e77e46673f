/** Every chat platform. Adding one is its folder and a line here. */
import type { BotPlatform } from '../src/kernel/platform.ts';
import { teams } from './teams/index.ts';

export const platforms: readonly BotPlatform[] = [teams];
