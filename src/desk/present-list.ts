/** Lists with ordinals, capped, with a word about what is not shown. */
import type { Button, ListItem, Message } from '../kernel/message.ts';
import type { Say } from '../words/index.ts';

export interface ListParts {
  title: string;
  items: ListItem[];
  /** All that there is, shown or not. */
  total: number;
  /** Place of the first item, from 0 on. */
  skipped?: number;
  /** What the person may do with the list. */
  hint: string;
  buttons?: Button[];
}

/** A list as a message; it has at least one item. */
export function presentList(say: Say, list: ListParts): Message {
  const hidden = list.total - (list.skipped ?? 0) - list.items.length;
  return {
    title: list.title,
    items: list.items,
    moreItems: say('list.cut', { count: '{count}' }),
    footer: hidden > 0 ? `${say('list.more', { count: hidden })} ${list.hint}` : list.hint,
    ...(list.buttons === undefined || list.buttons.length === 0 ? {} : { buttons: list.buttons }),
  };
}
