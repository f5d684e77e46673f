/** `secrets rotate`: seals what is stored under the current key, so that the key before can be thrown away. */
import type { Command } from 'commander';
import { type CliContext, runs } from './command.ts';

const rotateHelp = `
To change DESKBRIDGE_SECRET_KEY without an interruption:
  1. Make a key: openssl rand -base64 32
  2. Put it in front of the old one (DESKBRIDGE_SECRET_KEY=new,old), and restart every server of this
     database. The first key seals, each of them opens. A key that was generated stands in the file
     secret-key of the data directory.
  3. Run this command with the same setting. It seals registrations' credentials, audit keys and kept
     answers under the new key, and may be run again at any time.
  4. Take the old key out of the setting and restart. A start with the old key alone is refused from now on.
From step 2 on, link codes and buttons that people were shown before have to be asked for anew. The rows of
the audit and their hashes do not change: audit verify passes before and after.`;

export function addSecretsCommands(program: Command, context: CliContext): void {
  const secrets = program.command('secrets').description('the key of everything that is stored sealed');
  runs(
    secrets
      .command('rotate')
      .description('seal everything under the first of the DESKBRIDGE_SECRET_KEY')
      .addHelpText('after', rotateHelp),
    context,
    async () => {
      const { readSecretBox, withLocalDatabase } = await import('./local-database.ts');
      const { checkSecretKeys } = await import('../infra/check-secret-keys.ts');
      const { rotateSecrets } = await import('../infra/rotate-secrets.ts');
      const { secrets: box } = await readSecretBox(context.io.env);
      const { resealed, retiredKeyIds } = await withLocalDatabase(context.io, async (local) => {
        await checkSecretKeys(local.ownerUrl, box, new Date());
        return await rotateSecrets(local.database, box);
      });
      const total = Object.values(resealed).reduce((sum, count) => sum + count, 0);
      const json = { key_id: box.currentKeyId, resealed, retired_key_ids: retiredKeyIds };
      const text =
        total === 0
          ? `Everything is sealed under the key ${box.currentKeyId} already.`
          : `${total} secrets are sealed under the key ${box.currentKeyId} now. The older keys can be taken out of the setting.`;
      return { json, text };
    },
  );
}
