/** Draws the person's own page with the bot: Slack's App Home. */
import type { HomeView, KnownBlock } from '@slack/types';
import type { Message } from '../../src/kernel/message.ts';
import { withActionIds } from './block-elements.ts';
import { limits } from './block-limits.ts';
import { renderBlocks } from './render.ts';

/** More sections could not show two blocks each, besides the line between them. */
const maxSections = 33;

/** JSON of all blocks; the rest of 250 kB is left for what Slack adds, and for characters of several bytes. */
const maxCharacters = 80_000;

/** The sections below one another. Each gets an equal part of the blocks that those before it left. */
export function renderHome(sections: readonly Message[]): HomeView {
  const shown = sections.slice(0, maxSections);
  const blocks: KnownBlock[] = [];
  shown.forEach((section, index) => {
    const left = shown.length - index;
    if (index > 0) blocks.push({ type: 'divider' });
    // One block of each later section is the line above it.
    const free = limits.blocksPerView - blocks.length - (left - 1);
    const characters = Math.floor(maxCharacters / shown.length);
    blocks.push(...renderBlocks(section, { maxBlocks: Math.floor(free / left), maxCharacters: characters }));
  });
  // An empty page is not allowed, a line is.
  if (blocks.length === 0) blocks.push({ type: 'divider' });
  return { type: 'home', blocks: withActionIds(blocks) };
}
