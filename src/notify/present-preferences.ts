/** The card of a person's own preferences: what comes, where, and what was muted (pure). */
import type { ListItem, Message } from '../kernel/message.ts';
import type { MutableCategory, Say } from '../words/index.ts';
import { categoryName, mutableCategories } from './category-words.ts';
import type { CategoryPreference, Preferences } from './preference-store.ts';

export interface PresentingPreferences {
  say: Say;
  /** IANA name; null: UTC, in which quiet hours are counted then. */
  timeZone: string | null;
  /** A fresh single-use token for a button. */
  nonce(): string;
}

/** All categories with a button each. @param done what was changed just now */
export function presentPreferences(
  context: PresentingPreferences,
  preferences: Preferences,
  done: Pick<Message, 'title' | 'text' | 'tone'> | null = null,
): Message {
  const { say, timeZone } = context;
  const { quietHours, categories } = preferences;
  const quiet =
    quietHours === null
      ? say('value.none')
      : say('preferences.quiet_hours', { ...quietHours, zone: timeZone ?? 'UTC' });
  return {
    ...(done ?? { title: say('preferences.title') }),
    facts: [
      { label: say('preferences.label.channel'), value: say('preferences.usual_channel') },
      { label: say('preferences.label.quiet_hours'), value: quiet },
    ],
    items: mutableCategories.map((category) => categoryRow(context, category, categories[category] ?? {})),
    footer: say('preferences.hint'),
  };
}

/** What was changed about one category, with the way back. */
export function presentMuted(
  { say, nonce }: PresentingPreferences,
  change: { category: MutableCategory; muted: boolean },
): Message {
  const { category, muted } = change;
  return { ...saidOf(say, change), buttons: [muteButton(say, category, muted, nonce())] };
}

/** Title and text about the change. */
export function saidOf(
  say: Say,
  change: { category: MutableCategory; muted: boolean },
): { title: string; text: string; tone: 'good' } {
  const category = categoryName(say, change.category);
  return change.muted
    ? {
        title: say('preferences.muted.title', { category }),
        text: say('preferences.muted.text'),
        tone: 'good',
      }
    : {
        title: say('preferences.unmuted.title', { category }),
        text: say('preferences.unmuted.text'),
        tone: 'good',
      };
}

function categoryRow(
  { say, nonce }: PresentingPreferences,
  category: MutableCategory,
  preference: CategoryPreference,
): ListItem {
  const muted = preference.muted === true;
  const text = muted ? say('preferences.muted') : channelsText(say, preference);
  return {
    title: categoryName(say, category),
    ...(text === null ? {} : { text }),
    buttons: [muteButton(say, category, muted, nonce())],
  };
}

function muteButton(say: Say, category: MutableCategory, muted: boolean, nonce: string) {
  return {
    kind: 'action' as const,
    label: muted ? say('button.unmute') : say('button.mute'),
    action: muted ? 'unmute' : 'mute',
    input: { category },
    nonce,
  };
}

/** The channels in their order, the first two as one where both are used at once; null: the usual one. */
function channelsText(say: Say, { channels = [], both = false }: CategoryPreference): string | null {
  const names = channels.map((channel) => say(`destination.${channel}`));
  const [first, second, ...rest] = names;
  if (first === undefined) return null;
  const steps =
    both && second !== undefined ? [say('preferences.both', { first, next: second }), ...rest] : names;
  return steps.reduce((text, next) => say('preferences.then', { first: text, next }));
}
