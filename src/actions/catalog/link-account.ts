/** `link`: shows an unlinked person a code for an administrator; `link <code>`: redeems an administrator's code. */
import { z } from 'zod';
import { DeskbridgeError } from '../../kernel/errors.ts';
import type { Message } from '../../kernel/message.ts';
import { linkCodeMinutes } from '../../tenants/links.ts';
import { type ActionContext, AskBack, defineAction } from '../define-action.ts';
import { optionalLine } from '../input-fields.ts';

const input = z.strictObject({ code: optionalLine(40) });

export const linkAccountAction = defineAction<z.output<typeof input>>({
  id: 'link_account',
  kind: 'mutation',
  permission: null,
  unlinked: true,
  surfaces: ['bot'],
  targetKinds: ['user'],
  input,
  commands: [{ id: 'link_account' }],
  run: async (context, { code }) => {
    const { chat, say, tx, now, linkCodes } = context;
    if (chat === null) throw new DeskbridgeError('surface_disabled');
    if (code !== undefined) {
      const { user } = await linkCodes.redeemInChat(tx, code, chat, now).catch((error: unknown) => {
        throw explainCode(context, error);
      });
      const text = say('link.done.text', { name: user.name });
      return {
        message: { title: say('link.done.title'), text, tone: 'good' },
        target: { kind: 'user', id: user.user_id },
      };
    }
    if (context.actor !== null) {
      throw new AskBack('validation_error', { title: say('link.already', { name: context.actor.name }) });
    }
    // A code is as good as the account: it is not shown where others read along.
    if (chat.isGroup) throw new AskBack('validation_error', { title: say('link.not_in_group') });
    return { message: codeCard(context, await linkCodes.issueForChat(tx, chat, now)) };
  },
});

function codeCard({ say }: ActionContext, code: string): Message {
  return {
    title: say('link.title'),
    text: `${say('link.text')}\n${say('link.own_code')}`,
    facts: [{ label: say('link.code'), value: code }],
    footer: say('link.expires', { minutes: linkCodeMinutes }),
  };
}

/** A code that does not work is told in the person's words. */
function explainCode({ say }: ActionContext, error: unknown): unknown {
  if (!(error instanceof DeskbridgeError) || error.code !== 'not_found') return error;
  return new DeskbridgeError('not_found', { fields: [{ path: 'code', message: say('link.invalid_code') }] });
}
