/** Which of several languages a tag asks for. */

interface Tagged {
  /** BCP 47 language tag. */
  readonly code: string;
}

/**
 * The language that a tag asks for, as a platform, a setting or an operating system spells it (`zh`, `zh-CN`, `zh_CN`):
 * the exact one, else the one of a shorter tag, else one in the same script, else another of the same base language
 * (`zh-TW` reads Simplified Chinese until Traditional is offered). Null: none.
 */
export function matchLanguage<Language extends Tagged>(
  offered: readonly Language[],
  locale: string | null,
): Language | null {
  const wanted = locale?.trim().replaceAll('_', '-').toLowerCase() ?? '';
  for (let tag = wanted; tag !== ''; tag = tag.slice(0, Math.max(0, tag.lastIndexOf('-')))) {
    const found = offered.find((language) => language.code.toLowerCase() === tag);
    if (found) return found;
  }
  const base = baseOf(wanted);
  const related = offered.filter((language) => baseOf(language.code.toLowerCase()) === base);
  if (related.length < 2) return related[0] ?? null;
  const script = scriptOf(wanted);
  return related.find((language) => scriptOf(language.code) === script) ?? related[0] ?? null;
}

function baseOf(tag: string): string {
  return tag.split('-', 1)[0] ?? '';
}

/** The script in which the language is written there, by Unicode's likely subtags; null for what is no tag. */
function scriptOf(tag: string): string | null {
  try {
    return new Intl.Locale(tag).maximize().script ?? null;
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}
