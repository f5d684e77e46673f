/** What a start prints for the person in front of it. */
import type { Secret } from './infra/data-dir.ts';

export interface Banner {
  url: string;
  /** Null when the token came from the environment. */
  token: Secret | null;
  /** Where the embedded database lies; null with `DATABASE_URL`. */
  location: string | null;
  demo: boolean;
}

export function printBanner(banner: Banner): void {
  const { url, token, location, demo } = banner;
  const lines = ['', `Deskbridge is ready on ${url}`];
  if (location !== null) lines.push(`  database   ${location}`);
  if (token !== null) lines.push(`  token      ${showToken(token)}`);
  if (demo) {
    lines.push(
      '',
      'Talk to the demo desk in another terminal, in this folder:',
      '  npx deskbridge chat --as ann',
      'The same desk on Slack and on Lark: add --on slack or --on lark.',
    );
  }
  console.log(`${lines.join('\n')}\n`);
}

/** A token is shown once, to a person at a terminal; elsewhere, where output is kept, only its file is named. */
function showToken(token: Secret): string {
  return token.created && process.stdout.isTTY === true
    ? `${token.value}  (kept in ${token.path})`
    : `in ${token.path}`;
}
