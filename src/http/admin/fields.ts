/** Fields and small steps that several resources of the admin API share. */
import { z } from 'zod';
import { DeskbridgeError } from '../../kernel/errors.ts';
import { cleanText } from '../../kernel/plain-text.ts';

/** A text of several lines, cleaned; an empty one is an empty one, so that a change can empty it. */
export function textBlock(max: number) {
  return z
    .string()
    .max(max)
    .transform((text) => cleanText(text).trim());
}

/** Id of the record in another system; taken as it is. */
export const externalId = z.string().min(1).max(200);

/** The optional fields that are there: what was left out is absent instead of undefined. */
export type Given<Fields> = {
  [Name in keyof Fields as undefined extends Fields[Name] ? never : Name]: Fields[Name];
} & {
  [Name in keyof Fields as undefined extends Fields[Name] ? Name : never]?: Exclude<Fields[Name], undefined>;
};

/** Drops fields that were left out, so that spreading the rest keeps what was there. */
export function given<Fields extends object>(fields: Fields): Given<Fields> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined),
  ) as Given<Fields>;
}

/** A GUID is the same in either case; platforms send it in lower case. Other ids are kept as they are. */
export function normalId(text: string): string {
  const trimmed = text.trim();
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(trimmed) ? trimmed.toLowerCase() : trimmed;
}

/** An id that a chat platform gave out. */
export const platformId = z.string().transform(normalId).pipe(z.string().min(1).max(200));

/** @throws DeskbridgeError validation_error for an external id in the path that is too long */
export function externalIdIn(params: Record<string, string>): string {
  const parsed = externalId.safeParse(params.external_id);
  if (parsed.success) return parsed.data;
  throw new DeskbridgeError('validation_error', {
    fields: [{ path: 'external_id', message: '1 to 200 characters' }],
  });
}
