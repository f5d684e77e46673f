/** `registration manifest`: the app's manifest with the registration's own ids, to print or to keep. */
import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { tenantPath } from './client.ts';
import { type CliContext, calls, type InTenant, tenantOption } from './command.ts';
import { CliError } from './output.ts';

const help = `
Teams takes a zip file (written to deskbridge-teams.zip unless --out says otherwise), Slack JSON or YAML; for Lark it is
what to enter in the developer console. Text is printed unless --out names a file.`;

interface ManifestOptions extends InTenant {
  format?: string;
  out?: string;
}

export function addRegistrationManifest(registration: Command, context: CliContext): void {
  calls<ManifestOptions>(
    tenantOption(
      registration
        .command('manifest')
        .description("the app's manifest, for the platform's console")
        .argument('<registration-id>', 'its id'),
    )
      .addOption(
        new Option('--format <format>', 'where the platform has several').choices(['json', 'yaml', 'zip']),
      )
      .option('--out <file>', 'write it there')
      .addHelpText('after', help),
    context,
    async (api, { tenant, format, out }, [id = '']) => {
      const file = await api.file(tenantPath(tenant, 'registrations', id, 'manifest'), { format });
      const isText = file.contentType.split(';', 1)[0] !== 'application/zip';
      const text = file.content.toString();
      const about = { filename: file.name, content_type: file.contentType, bytes: file.content.length };
      if (out === undefined && isText) return { json: { ...about, content: text }, text: text.trimEnd() };
      const path = await save(file.content, out, file.name);
      return { json: { ...about, path }, text: `Written to ${path}.` };
    },
  );
}

/**
 * Writes where the person says, over what is there; else under the file's own name, where nothing may be yet.
 * @returns the file's path @throws CliError
 */
async function save(content: Buffer, out: string | undefined, name: string): Promise<string> {
  const path = resolve(out ?? name);
  try {
    await writeFile(path, content, { flag: out === undefined ? 'wx' : 'w' });
    return path;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new CliError({
      title: 'The file cannot be written',
      code: 'file',
      detail: code === 'EEXIST' ? `${path} exists.` : message,
      remedy: 'Name a file with --out.',
    });
  }
}
