/** README's first conversation is what a person sees, word for word. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Installation, startInstallation } from './programs.ts';

let installation: Installation;
beforeAll(async () => {
  installation = await startInstallation();
});
afterAll(() => installation.close());

it('help answers as README says', async () => {
  const readme = readFileSync('README.md', 'utf8');
  const quoted = /```text\n([\s\S]*?)```/.exec(readme)?.[1];
  const { stdout, code } = await installation.cli(['chat', '--as', 'ann', '--once', 'help']);
  expect(code).toBe(0);
  expect(stdout).toBe(quoted);
});

it('a ticket link leads to a page that says how to open it, the same for every number', async () => {
  const page = async (number: string) => await fetch(`${installation.url}/t/demo/tickets/${number}`);
  const known = await page('1001');
  expect(known.status).toBe(200);
  expect((await known.text()).replaceAll('1001', '9999')).toBe(await (await page('9999')).text());
  expect((await page('abc')).status).toBe(404);
});
