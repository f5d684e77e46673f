/** `language <code>`: the language in which the person is answered. */
import { z } from 'zod';
import { DeskbridgeError } from '../../kernel/errors.ts';
import { setLanguage } from '../../tenants/set-language.ts';
import { languages, translator } from '../../words/index.ts';
import { findLanguage } from '../../words/typed-words.ts';
import { defineAction, requireActor } from '../define-action.ts';
import { requiredLine } from '../input-fields.ts';

const input = z.strictObject({ code: requiredLine(40) });

export const languageAction = defineAction<z.output<typeof input>>({
  id: 'language',
  kind: 'mutation',
  permission: null,
  surfaces: ['bot'],
  targetKinds: ['user'],
  input,
  commands: [{ id: 'language' }],
  run: async (context, { code }) => {
    const { actor, tx, now, say } = requireActor(context);
    const language = findLanguage(code);
    if (language === null) {
      const choices = say.choices(languages.map(({ name }) => name));
      const message = say('not_found.language', { text: code, choices });
      throw new DeskbridgeError('validation_error', { fields: [{ path: 'code', message }] });
    }
    await setLanguage(tx, actor.userId, language.code, now);
    const answer = translator(language.code);
    return {
      message: {
        title: answer('language.changed.title'),
        text: answer('language.changed.text', { language: language.name }),
        tone: 'good',
      },
      target: { kind: 'user', id: actor.userId },
    };
  },
});
