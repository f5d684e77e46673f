/** What tests look at in drawn cards: single members, and the whole card beside its golden file. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { expect } from 'vitest';
import type { JsonValue } from '../../src/kernel/canonical-json.ts';

/** Every value of a member with this name, at any depth. */
export function valuesOf(json: unknown, name: string): JsonValue[] {
  if (Array.isArray(json)) return json.flatMap((entry) => valuesOf(entry, name));
  if (json === null || typeof json !== 'object') return [];
  return Object.entries(json).flatMap(([key, value]) => [
    ...(key === name && value !== undefined ? [value] : []),
    ...valuesOf(value, name),
  ]);
}

/** Compares with the platform's golden file; UPDATE_GOLDEN=1 writes it anew (format it afterwards). */
export function expectGolden(platform: string, name: string, actual: object): void {
  const file = new URL(`../fixtures/${platform}/cards/${name}.json`, import.meta.url);
  if (process.env.UPDATE_GOLDEN) writeFileSync(file, JSON.stringify(actual, null, 2));
  expect(existsSync(file), `golden file ${name}.json`).toBe(true);
  expect(JSON.parse(JSON.stringify(actual))).toEqual(JSON.parse(readFileSync(file, 'utf8')));
}
