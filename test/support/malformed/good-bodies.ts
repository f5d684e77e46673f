/** A body as a platform sends it, and how it travels: what the platforms' own files of this folder have in common. */
import { readdirSync, readFileSync } from 'node:fs';
import type { JsonObject } from '../../../src/kernel/canonical-json.ts';
import type { ChatWorld } from '../chat-world.ts';
import type { HarnessInstallation } from '../platform-harness.ts';
import { at, type Path, replace } from './paths.ts';

/** How a body travels: JSON as it is, JSON in the form field `payload`, or the fields of a form. */
export type Frame = 'json' | 'payload' | 'form';

export interface GoodBody {
  /** The fixture that it comes from. */
  name: string;
  frame: Frame;
  /** JSON. */
  json: string;
  /** What it asks for, as the fixture says. */
  intent: string;
  /**
   * What the platform always sends with such a body and what it means nothing without: app, organization, id, kind,
   * person, place. Paths of one group say the same thing, so that only the loss of all of them is felt.
   */
  vital: readonly (readonly Path[])[];
}

/** Whether a request proves that it comes from the platform. */
export const proofs = ['authentic', 'none', 'forged', 'stale', 'future', 'tampered'] as const;
export type Proof = (typeof proofs)[number];

export interface Sealed {
  headers: Record<string, string>;
  body: Buffer;
}

export interface Wire {
  /** Where the platform posts; a body may go to any of them. */
  urls: readonly string[];
  bodies: readonly GoodBody[];
  /** The body under an id that was not used yet, and with `marker` in what people wrote. */
  renew(good: GoodBody, unique: string, marker: string): JsonObject;
  /** @param content the bytes inside the frame, and inside the encryption where there is one */
  seal(content: Buffer, frame: Frame, proof: Proof): Sealed;
}

export const jsonType = 'application/json; charset=utf-8';

/** Stands for a number that no double holds, which only the text of JSON can. */
export const outOfRange = 'a number out of range';

/** JSON, or the form that holds the body's members. */
export function encode({ frame }: GoodBody, body: JsonObject): Buffer {
  if (frame !== 'form') return Buffer.from(JSON.stringify(body).replaceAll(`"${outOfRange}"`, '1e999'));
  const fields = Object.entries(body).flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [[name, typeof value === 'string' ? value : JSON.stringify(value)]],
  );
  return Buffer.from(new URLSearchParams(fields).toString());
}

export interface Fixture {
  name: string;
  kind?: string;
  body?: JsonObject;
  payload?: JsonObject;
  expected?: { intent?: { kind: string } };
}

/** The platform's fixtures, with their ids replaced by the world's. */
export function fixturesOf(platform: string, ids: Readonly<Record<string, string>>): Fixture[] {
  const folder = new URL(`../../fixtures/${platform}/`, import.meta.url);
  const names = readdirSync(folder).filter((name) => name.endsWith('.json'));
  return names.sort().map((name) => {
    let text = readFileSync(new URL(name, folder), 'utf8');
    for (const [theirs, ours] of Object.entries(ids)) text = text.replaceAll(theirs, ours);
    return { ...JSON.parse(text), name };
  });
}

/** The body under another id, and with `marker` behind what people wrote. */
export function renewed(
  good: GoodBody,
  paths: { ids: readonly Path[]; texts: readonly Path[] },
  [unique, marker]: readonly [string, string],
): JsonObject {
  const body: JsonObject = JSON.parse(good.json);
  for (const path of paths.ids) replace(body, path, unique);
  for (const path of paths.texts) replace(body, path, `${at(body, path)} ${marker}`);
  return body;
}

/** Whom the bodies speak for, and who speaks: the world's first installation and first person. */
export function speakerOf(world: ChatWorld): { installation: HarnessInstallation; personId: string } {
  const [installation] = world.harness.installations;
  const [person] = world.chat.people;
  if (installation === undefined || person === undefined) throw new Error('the world has nobody');
  return { installation, personId: person.platformUserId };
}

const daySeconds = 86_400;

/** Seconds since 1970 that a request of this proof carries. */
export function stampOf(proof: Proof): string {
  const shift = proof === 'stale' ? -daySeconds : proof === 'future' ? daySeconds : 0;
  return String(Math.floor(Date.now() / 1000) + shift);
}

/** The body as it arrives: one that was tampered with is not what was signed. */
export function arriving(body: Buffer, proof: Proof): Buffer {
  return proof === 'tampered' ? Buffer.concat([body, Buffer.from(' ')]) : body;
}
