/** Members of a body by their path: read, replaced, taken away. */
import type { JsonObject, JsonValue } from '../../../src/kernel/canonical-json.ts';

/** Members of a body, from the outside in. */
export type Path = readonly string[];

export function at(body: JsonObject, path: Path): unknown {
  return path.reduce<unknown>((node, name) => (node as JsonObject | undefined)?.[name], body);
}

/** Sets a member that is there already; others are left out of the body as they were. */
export function replace(body: JsonObject, path: Path, value: string): void {
  const last = path.at(-1) ?? '';
  const parent = at(body, path.slice(0, -1));
  if (typeof parent === 'object' && parent !== null && last in parent) (parent as JsonObject)[last] = value;
}

/** Sets a member where the object around it is still there; undefined takes it away. */
export function set(body: JsonObject, path: Path, value: JsonValue | undefined): void {
  let node: JsonValue | undefined = body;
  for (const name of path.slice(0, -1)) node = (node as JsonObject | null | undefined)?.[name];
  if (typeof node !== 'object' || node === null) return;
  const name = path.at(-1) ?? '';
  if (value === undefined) delete (node as JsonObject)[name];
  else (node as JsonObject)[name] = value;
}

/** Whether one path leads to, or through, what the other leads to. */
export function touches(one: Path, other: Path): boolean {
  return one.slice(0, other.length).join() === other.slice(0, one.length).join();
}

/** Paths to everything in a body, to a sane depth. */
export function pathsOf(node: JsonValue, path: Path): Path[] {
  if (typeof node !== 'object' || node === null || path.length > 6) return [];
  return Object.entries(node).flatMap(([name, value]) => [
    [...path, name],
    ...(value === undefined ? [] : pathsOf(value, [...path, name])),
  ]);
}
