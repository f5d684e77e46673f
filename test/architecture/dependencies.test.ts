/** The shape of the program, enforced from the imports themselves. */
import { describe, expect, it } from 'vitest';
import { breaches, findCycle } from './dependency-rule.ts';
import { importsOf, readSources, type SourceFile } from './imports.ts';

const sources = readSources(['src', 'bots', 'migrations', 'manifests']);

function file(path: string, text: string): SourceFile {
  return { path, text, ...importsOf(path, text) };
}

describe('dependency rule', () => {
  it('holds for every file', () => {
    expect(sources.length).toBeGreaterThan(100);
    expect(breaches(sources)).toEqual([]);
  });

  it('has no import cycles', () => {
    const values = sources.map((source) => ({
      ...source,
      ...importsOf(source.path, source.text.replace(/^import type [^;]*;$/gms, '')),
    }));
    expect(findCycle(values)).toBeNull();
  });

  it.each([
    ['src/kernel/ids.ts', "import { x } from '../infra/database.ts';"],
    ['src/infra/database.ts', "import { x } from '../desk/records.ts';"],
    ['src/desk/create-ticket.ts', "import { x } from '../http/app.ts';"],
    ['src/inbound/handle-activity.ts', "import { x } from '../audit/audit-store.ts';"],
    ['src/inbound/handle-activity.ts', "export * from '../../bots/index.ts';"],
    ['src/http/webhooks.ts', "const x = await import('../../bots/teams/simulator/index.ts');"],
    ['bots/teams/verify.ts', "import type { Database } from '../../src/infra/database.ts';"],
    ['bots/teams/verify.ts', "import { x } from './simulator/index.ts';"],
    ['bots/slack/verify.ts', "import { x } from '../teams/verify.ts';"],
    ['bots/slack/simulator/server.ts', "import { x } from '../../teams/simulator/server.ts';"],
    ['bots/teams/verify.ts', "import { x } from '../shared/simulator/faults.ts';"],
    ['bots/shared/http-call.ts', "import { x } from './simulator/server.ts';"],
    ['bots/shared/simulator/server.ts', "import { x } from '../../teams/simulator/faults.ts';"],
    ['src/demo/open-simulators.ts', "import { x } from '../../bots/shared/simulator/faults.ts';"],
    ['bots/teams/to-activity.ts', "import { ActivityTypes } from 'botbuilder';"],
    ['src/desk/ticket-store.ts', "import knex from 'knex';"],
    ['manifests/app-spec.ts', "import { x } from '../src/actions/run-action.ts';"],
    ['manifests/generate.ts', "import { x } from '../bots/teams/verify.ts';"],
    ['src/http/app.ts', "import { x } from '../../manifests/generate.ts';"],
    ['src/desk/create-ticket.ts', "import { x } from '../../manifests/app-spec.ts';"],
    ['bots/teams/manifest.ts', "import { x } from '../../manifests/app-spec.ts';"],
  ])('is broken by %s with %s', (path, text) => {
    expect(breaches([file(path, text)])).toHaveLength(1);
  });

  it('sees a cycle', () => {
    const a = file('src/desk/a.ts', "import { b } from './b.ts';");
    const b = file('src/desk/b.ts', "import { a } from './a.ts';");
    expect(findCycle([a, b])).toEqual(['src/desk/a.ts', 'src/desk/b.ts', 'src/desk/a.ts']);
  });
});

describe('files', () => {
  it('stay small', () => {
    // What people read is one list a language, and the first migration is the whole schema.
    const lists = ['src/words/', 'migrations/'];
    const long = sources.filter(
      ({ path, text }) => !lists.some((list) => path.startsWith(list)) && text.split('\n').length > 330,
    );
    expect(long.map(({ path }) => path)).toEqual([]);
  });

  it('open with a sentence of purpose', () => {
    const mute = sources.filter(({ text }) => !/^(#!.*\n)?\/\*\*\s+(\* )?[A-Z`"]/.test(text));
    expect(mute.map(({ path }) => path)).toEqual([]);
  });

  it('write SQL in stores, queries and infra only', () => {
    const sql =
      /[`'"]\s*(select|insert into|update|delete from|with)\s+[\s\S]{0,400}?\b(from|values|set|where|select)\b/i;
    const outside = sources.filter(
      ({ path, text }) =>
        path.startsWith('src/') &&
        !path.startsWith('src/infra/') &&
        !path.startsWith('src/words/') &&
        !/-(store|queries)\.ts$/.test(path) &&
        sql.test(text.replace(/\/\*\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '')),
    );
    expect(outside.map(({ path }) => path)).toEqual([]);
  });

  it("never take a transaction from knex's promise, whose commit resolves although it failed", () => {
    const used = sources.filter(({ text }) => /\.transaction\(\s*\)|transactionProvider/.test(text));
    expect(used.map(({ path }) => path)).toEqual([]);
  });
});
