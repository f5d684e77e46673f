/** The imports of every source file, read from the text: what the dependency rule is checked against. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, relative } from 'node:path';

export const root = new URL('../../', import.meta.url).pathname.replace(/\/$/, '');

export interface SourceFile {
  /** Relative to the project, with slashes: `src/inbound/handle-activity.ts`. */
  path: string;
  text: string;
  /** Project files that it imports, relative to the project. */
  imports: string[];
  /** Packages that it imports, by name. */
  packages: string[];
}

const specifier =
  /(?:^|[\s;}])(?:import|export)\s(?:[^'";]*?\sfrom\s)?['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]\s*\)/g;

/** Every TypeScript file under these folders. */
export function readSources(folders: readonly string[]): SourceFile[] {
  return folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
      .map((entry) => parse(relative(root, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))),
  );
}

/** Reads the imports of one text as if it stood at this path. */
export function importsOf(path: string, text: string): Pick<SourceFile, 'imports' | 'packages'> {
  const found = [...text.matchAll(specifier)].map((match) => match[1] ?? match[2] ?? '');
  const imports = found.filter((name) => name.startsWith('.')).map((name) => posix.join(dirname(path), name));
  const packages = found
    .filter((name) => !name.startsWith('.') && !name.startsWith('node:'))
    .map((name) =>
      name
        .split('/')
        .slice(0, name.startsWith('@') ? 2 : 1)
        .join('/'),
    );
  return { imports, packages };
}

function parse(path: string): SourceFile {
  const text = readFileSync(join(root, path), 'utf8');
  return { path, text, ...importsOf(path, text) };
}
