/** `mute <category>`, `unmute <category>`: ends the messages of one kind for the person, or brings them back. */
import { z } from 'zod';
import { categoryName, mutableCategories } from '../../notify/category-words.ts';
import { muteCategory } from '../../notify/mute-category.ts';
import { presentMuted, presentPreferences, saidOf } from '../../notify/present-preferences.ts';
import type { MutableCategory, Say } from '../../words/index.ts';
import { findCategory } from '../../words/typed-words.ts';
import { type AnyAction, defineAction, requireActor } from '../define-action.ts';
import { limits, requiredLine } from '../input-fields.ts';
import { refuseField } from '../references/present.ts';

/** A category's id, or what any of our languages calls it. */
const input = z.strictObject({ category: requiredLine(limits.name) });

export const muteAction = defineMuting('mute', true);
export const unmuteAction = defineMuting('unmute', false);

function defineMuting(id: 'mute' | 'unmute', muted: boolean): AnyAction {
  return defineAction<z.output<typeof input>>({
    id,
    kind: 'mutation',
    permission: null,
    surfaces: ['bot', 'card'],
    targetKinds: ['user'],
    input,
    commands: [{ id }],
    run: async (context, { category: text }) => {
      const { actor, tx, now, say, nonce, surface } = requireActor(context);
      const change = { category: categoryOf(say, text), muted };
      const preferences = await muteCategory(tx, actor.userId, change, now);
      const presenting = { say, timeZone: actor.timeZone, nonce };
      return {
        // The buttons stand on the card of all categories, which goes on showing them.
        message:
          surface === 'card'
            ? presentPreferences(presenting, preferences, saidOf(say, change))
            : presentMuted(presenting, change),
        target: { kind: 'user', id: actor.userId },
      };
    },
  });
}

/** @throws DeskbridgeError validation_error naming the categories that there are */
function categoryOf(say: Say, text: string): MutableCategory {
  const category = findCategory(text);
  if (category !== null) return category;
  const choices = say.choices(mutableCategories.map((each) => categoryName(say, each)));
  throw refuseField('validation_error', 'category', say('not_found.category', { text, choices }));
}
