/** The page that a person has alone with the bot: what waits for them, drawn anew whenever it may have changed. */
import { runAction } from '../actions/run-action.ts';
import { DeskbridgeError } from '../kernel/errors.ts';
import type { Answer, Message } from '../kernel/message.ts';
import type { Log } from '../kernel/ports.ts';
import type { Interpreter } from './interpret.ts';
import { refusalMessage } from './present-outcome.ts';
import type { Scene } from './scene.ts';

/** The queries that make the page, in their order; what the person may not do is left out. */
const homeActions = ['my_tickets', 'my_approvals'];

/** The page's sections. An unlinked person is told how to link instead. */
export async function showHome(scene: Scene, interpreter: Interpreter, log: Log): Promise<Answer> {
  const { context, policy, say } = scene;
  // No code here: looking at the page must not replace one that the person was given a moment ago.
  if (context.actor === null) {
    return { kind: 'home', sections: [refusalMessage(say, new DeskbridgeError('not_linked'))] };
  }
  const sections: Message[] = [];
  for (const id of homeActions) {
    const definition = interpreter.actions.get(id);
    if (definition === undefined) continue;
    const outcome = await runAction({ ...context, surface: 'home' }, { definition, input: {} }, policy, log);
    if (outcome.kind === 'done') sections.push(asSection(outcome.result.message));
    else if (outcome.kind === 'refused' && outcome.error.code !== 'forbidden') {
      sections.push(refusalMessage(say, outcome.error));
    }
  }
  return { kind: 'home', sections };
}

/** Nothing is typed on the page: a list stands there without the numbers that stand for its lines. */
function asSection({ footer: _, ...message }: Message): Message {
  if (message.items === undefined) return message;
  return { ...message, items: message.items.map(({ ordinal: _, ...item }) => item) };
}
