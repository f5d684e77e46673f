/** `notifications`: which messages the person gets, where, and when. */
import { z } from 'zod';
import { preferencesOf } from '../../notify/mute-category.ts';
import { presentPreferences } from '../../notify/present-preferences.ts';
import { defineAction, requireActor } from '../define-action.ts';

const input = z.strictObject({});

export const notificationsAction = defineAction<z.output<typeof input>>({
  id: 'notifications',
  kind: 'query',
  permission: null,
  surfaces: ['bot'],
  targetKinds: [],
  input,
  commands: [{ id: 'notifications' }],
  run: async (context) => {
    const { actor, tx, say, nonce } = requireActor(context);
    const preferences = await preferencesOf(tx, actor.userId);
    return { message: presentPreferences({ say, timeZone: actor.timeZone, nonce }, preferences) };
  },
});
