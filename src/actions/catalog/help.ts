/** `help`: what the person may do here, by example. */
import { z } from 'zod';
import type { Button, ListItem } from '../../kernel/message.ts';
import { type ActionContext, type AnyAction, defineAction } from '../define-action.ts';

const input = z.strictObject({});

/** @param others the rest of the registry: help shows what there is */
export function defineHelp(others: readonly AnyAction[]): AnyAction {
  return defineAction<z.output<typeof input>>({
    id: 'help',
    kind: 'query',
    permission: null,
    unlinked: true,
    surfaces: ['bot', 'api'],
    targetKinds: [],
    input,
    commands: [{ id: 'help' }],
    run: async (context) => {
      const { say, actor } = context;
      const usable = others.filter((action) => action.commands.length > 0 && mayUse(context, action));
      return {
        message: {
          title: say('help.title'),
          text: actor === null ? say('help.unlinked') : say('help.intro'),
          items: usable.map((action) => helpRow(context, action)),
          ...(actor === null ? {} : { footer: say('help.ordinals'), buttons: helpButtons(context, usable) }),
        },
        items: usable.map((action) => ({
          action: action.id,
          title: say(`action.${action.id}.title`),
          help: say(`action.${action.id}.help`),
          examples: examplesOf(context, action),
        })),
      };
    },
  });
}

function mayUse({ actor, isSwitchedOn }: ActionContext, action: AnyAction): boolean {
  if (!isSwitchedOn(action)) return false;
  if (actor === null) return action.unlinked === true;
  return action.permission === null || actor.capabilities.has(action.permission);
}

function helpRow(context: ActionContext, action: AnyAction): ListItem {
  const examples = action.commands.map((command) => context.say.examples(command.id)[0]);
  const title = examples.filter((example) => example !== undefined).join(' · ');
  return { title, text: context.say(`action.${action.id}.help`) };
}

function examplesOf({ say }: ActionContext, action: AnyAction): string[] {
  return action.commands.flatMap((command) => [...say.examples(command.id)]);
}

function helpButtons({ say, nonce }: ActionContext, usable: readonly AnyAction[]): Button[] {
  const ids = new Set(usable.map((action) => action.id));
  const buttons: Button[] = [];
  for (const command of ['my_tickets', 'my_approvals'] as const) {
    const [text] = say.examples(command);
    if (ids.has(command) && text !== undefined) {
      buttons.push({ kind: 'command', label: say(`button.${command}`), text, nonce: nonce() });
    }
  }
  if (ids.has('create_ticket')) {
    buttons.push({ kind: 'form', label: say('button.new_ticket'), action: 'create_ticket', input: {} });
  }
  return buttons;
}
