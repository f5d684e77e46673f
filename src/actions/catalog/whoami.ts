/** `whoami`: who the person is to the desk. */
import { z } from 'zod';
import { findLanguage } from '../../words/typed-words.ts';
import { defineAction } from '../define-action.ts';

const input = z.strictObject({});

export const whoamiAction = defineAction<z.output<typeof input>>({
  id: 'whoami',
  kind: 'query',
  permission: null,
  unlinked: true,
  surfaces: ['bot'],
  targetKinds: [],
  input,
  commands: [{ id: 'whoami' }],
  run: async ({ actor, tenant, say }) => {
    if (actor === null) {
      return { message: { title: say('whoami.unlinked.title'), text: say('whoami.unlinked.text') } };
    }
    const facts = [
      { label: say('whoami.label.email'), value: actor.email },
      { label: say('whoami.label.desk'), value: tenant.name },
      { label: say('whoami.label.roles'), value: actor.roles.map((role) => say(`role.${role}`)).join(', ') },
      { label: say('whoami.label.language'), value: findLanguage(say.locale)?.name ?? say.locale },
      { label: say('whoami.label.time_zone'), value: actor.timeZone ?? 'UTC' },
    ];
    const record = { user_id: actor.userId, name: actor.name, email: actor.email, roles: [...actor.roles] };
    return { message: { title: say('whoami.title', { name: actor.name }), facts }, items: [record] };
  },
});
