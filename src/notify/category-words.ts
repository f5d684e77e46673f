/** Categories of notifications as people read and type them (pure). */
import type { MutableCategory, Say } from '../words/index.ts';
import { foldWord } from '../words/typed-words.ts';
import { type Category, categories } from './records.ts';

/** What people may mute: everything but tests, which an administrator is waiting for. */
export const mutableCategories: readonly MutableCategory[] = categories.filter(isMutable);

export function isMutable(category: Category): category is MutableCategory {
  return category !== 'test';
}

/** The category's name in a list, e.g. `Customer replies`. */
export function categoryName(say: Say, category: Category): string {
  return say(`category.${category}`);
}

/** The command that ends such messages, as it can be sent: `mute customer replies`. */
export function muteCommand(say: Say, category: MutableCategory): string {
  return say('command.mute', { category: foldWord(categoryName(say, category)) });
}
