/** The dependency rule as a function: which import of which file breaks it, and why. */
import type { SourceFile } from './imports.ts';

/** Parts of `src` that hold the product's behaviour. */
const features = [
  'tenants',
  'conversations',
  'actions',
  'desk',
  'audit',
  'inbound',
  'notify',
  'operations',
  'registrations',
  'runtimes',
];

/** What each part of `src` may import besides itself. */
const allowed: Record<string, readonly string[]> = {
  kernel: [],
  infra: ['kernel'],
  words: ['kernel'],
  work: ['kernel', 'infra'],
  ...Object.fromEntries(features.map((feature) => [feature, ['kernel', 'infra', 'words', ...features]])),
  http: ['kernel', 'infra', 'words', ...features],
  demo: ['kernel', 'infra', 'words', ...features],
  cli: ['kernel', 'infra', 'words', 'demo', 'config', ...features],
  banner: ['infra'],
  config: [],
  sweeps: ['kernel', 'infra', 'work', 'http', ...features],
  compose: [
    'sweeps',
    'kernel',
    'infra',
    'words',
    'work',
    'http',
    'demo',
    'config',
    'bots/index',
    ...features,
  ],
  main: ['kernel', 'infra', 'compose', 'config', 'banner'],
};

const sdks = [
  'botbuilder',
  'botframework-connector',
  '@slack/bolt',
  '@slack/web-api',
  '@larksuiteoapi/node-sdk',
];

/** Every breach in these files, one sentence each. */
export function breaches(files: readonly SourceFile[]): string[] {
  return files.flatMap((file) => [
    ...file.imports.flatMap((imported) => importBreach(file.path, imported) ?? []),
    ...file.packages.flatMap((name) => packageBreach(file.path, name) ?? []),
  ]);
}

function importBreach(from: string, to: string): string | null {
  const source = partOf(from);
  const target = partOf(to);
  if (source === target && (source !== 'bots/simulator' || platformOf(from) === platformOf(to))) return null;
  if (target === 'bots/shared/simulator') {
    return source === 'bots/simulator' ? null : sentence(from, to, 'what simulators share is theirs alone');
  }
  if (source.startsWith('bots/')) return botsBreach(from, to, target);
  if (source === 'manifests') return manifestsBreach(from, to, target);
  // The description of the app, which the API fills in for a registration.
  if (to === 'manifests/app-spec.ts' && source === 'http') return null;
  if (target === 'bots/simulator')
    return ['cli', 'demo'].includes(source) ? null : sentence(from, to, 'loads a simulator');
  if (!(allowed[source] ?? []).includes(target))
    return sentence(from, to, `${source} may not import ${target}`);
  if (features.includes(source) && to.endsWith('-store.ts') && target !== 'kernel' && target !== 'infra') {
    return sentence(from, to, "a feature calls another's verbs, never its store");
  }
  return null;
}

function botsBreach(from: string, to: string, target: string): string | null {
  if (target === 'kernel' || target === 'bots/shared') return null;
  if (from === 'bots/index.ts' && /^bots\/[^/]+\/index\.ts$/.test(to)) return null;
  // A simulator may use its own platform's pure files, and the platform never its simulator.
  if (platformOf(from) === platformOf(to) && !to.includes('/simulator/')) return null;
  return sentence(from, to, 'bots import the kernel, bots/shared and their own folder only');
}

/** Manifests are made of the actions, the words and what each platform makes of them. */
function manifestsBreach(from: string, to: string, target: string): string | null {
  if (target === 'kernel' || target === 'words' || to === 'src/actions/registry.ts') return null;
  if (/^bots\/[^/]+\/manifest\.ts$/.test(to)) return null;
  return sentence(
    from,
    to,
    "manifests import the kernel, words, the actions' registry and platforms' manifests",
  );
}

function packageBreach(from: string, name: string): string | null {
  if (sdks.includes(name) && !/^bots\/[^/]+\/runtime\.ts$/.test(from)) {
    return `${from} imports ${name}: only a platform's runtime.ts does`;
  }
  if (name === 'knex' && !from.startsWith('src/infra/') && !from.startsWith('migrations/')) {
    return `${from} imports knex: only infra and migrations do`;
  }
  return null;
}

/**
 * `kernel` for `src/kernel/ids.ts`, `main` for `src/main.ts`, `bots/teams` or `bots/simulator` for platforms,
 * `bots/shared` or `bots/shared/simulator` for what they share, `manifests` for everything there.
 */
function partOf(path: string): string {
  const [top, second = '', third] = path.split('/');
  if (top === 'manifests') return 'manifests';
  if (top === 'bots') {
    if (third === 'simulator') return second === 'shared' ? 'bots/shared/simulator' : 'bots/simulator';
    return third === undefined ? 'bots/index' : `bots/${second}`;
  }
  return third === undefined ? second.replace(/\.ts$/, '') : second;
}

/** `teams` for every file of that platform, its simulator's too. */
function platformOf(path: string): string | undefined {
  return path.split('/')[1];
}

function sentence(from: string, to: string, why: string): string {
  return `${from} imports ${to}: ${why}`;
}

/** The first import cycle, as a path; null when there is none. */
export function findCycle(files: readonly SourceFile[]): string[] | null {
  const graph = new Map(files.map((file) => [file.path, file.imports]));
  const done = new Set<string>();
  const visit = (path: string, trail: string[]): string[] | null => {
    if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path];
    if (done.has(path)) return null;
    for (const next of graph.get(path) ?? []) {
      const cycle = visit(next, [...trail, path]);
      if (cycle !== null) return cycle;
    }
    done.add(path);
    return null;
  };
  for (const file of files) {
    const cycle = visit(file.path, []);
    if (cycle !== null) return cycle;
  }
  return null;
}
