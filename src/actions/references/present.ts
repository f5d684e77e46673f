/** The presenters' view of an action's context, and refusals that name the field. */
import type { PresentContext } from '../../desk/present-context.ts';
import { DeskbridgeError, type ErrorCode } from '../../kernel/errors.ts';
import { type ActionContext, type LinkedContext, requireActor } from '../define-action.ts';

/** For whom and how records are shown. @throws DeskbridgeError not_linked */
export function presentFor(context: ActionContext | LinkedContext): PresentContext {
  const { actor, say, now } = requireActor(context);
  return {
    say,
    now,
    viewer: { userId: actor.userId, timeZone: actor.timeZone, capabilities: actor.capabilities },
    ticketUrl: context.ticketUrl,
    nonce: context.nonce,
  };
}

/** A refusal that belongs to one field of the input. @param message in the person's language */
export function refuseField(code: ErrorCode, path: string, message: string): DeskbridgeError {
  return new DeskbridgeError(code, { fields: [{ path, message }] });
}
