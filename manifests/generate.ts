/**
 * Writes the manifests that are committed, with placeholders for what an installation fills in.
 * `node manifests/generate.ts` writes; with `--check` it compares, names what has drifted and exits with 1.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { larkManifest } from '../bots/lark/manifest.ts';
import { slackManifest } from '../bots/slack/manifest.ts';
import { localizationJson, manifestJson } from '../bots/teams/manifest.ts';
import type { ManifestFile, ManifestRequest } from '../src/kernel/app-spec.ts';
import { appSpec } from './app-spec.ts';

/** Stands for the installation's own values in what is committed. */
const request: ManifestRequest = {
  spec: appSpec(),
  registration: {
    registrationId: '{{REGISTRATION_ID}}',
    appId: '{{APP_ID}}',
    organization: '{{ORGANIZATION}}',
    options: {},
  },
  publicUrl: 'https://{{PUBLIC_HOST}}',
};

/** Every generated file by its path below this folder. */
export function generated(): Map<string, string> {
  const { translations } = request.spec;
  const teams = [manifestJson(request), ...translations.map(localizationJson)];
  return new Map([
    ...teams.map(({ name, json }): [string, string] => [
      `teams/${name}`,
      `${JSON.stringify(json, null, 2)}\n`,
    ]),
    ...slackManifest(request).map((file): [string, string] => [
      `slack/manifest.${file.format}`,
      textOf(file),
    ]),
    ...larkManifest(request).map((file): [string, string] => [`lark/app.${file.format}`, textOf(file)]),
  ]);
}

function textOf({ body }: ManifestFile): string {
  return typeof body === 'string' ? body : new TextDecoder().decode(body);
}

/** Generated files that differ from those below a folder, by path, with what they should be. */
export function drifted(folder: URL): [path: string, content: string][] {
  return [...generated()].filter(([path, content]) => read(new URL(path, folder)) !== content);
}

/** Null where there is none. Line ends as a checkout on Windows may have changed them are no drift. */
function read(place: URL): string | null {
  try {
    return readFileSync(place, 'utf8').replaceAll('\r\n', '\n');
  } catch {
    return null;
  }
}

function main(args: readonly string[]): number {
  const check = args[0] === '--check';
  if (args.length > (check ? 1 : 0)) {
    process.stderr.write('usage: node manifests/generate.ts [--check]\n');
    return 2;
  }
  const folder = new URL('.', import.meta.url);
  const changed = drifted(folder);
  const names = changed.map(([path]) => `manifests/${path}`).join(', ');
  if (changed.length === 0) return 0;
  if (check) {
    process.stderr.write(`Not up to date: ${names}\nRun npm run manifests and commit the result.\n`);
    return 1;
  }
  for (const [path, content] of changed) {
    const place = new URL(path, folder);
    mkdirSync(new URL('.', place), { recursive: true });
    writeFileSync(place, content);
  }
  process.stdout.write(`Written: ${names}\n`);
  return 0;
}

if (import.meta.main) process.exitCode = main(process.argv.slice(2));
