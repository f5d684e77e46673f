/** `registration manifest`: text is printed, a zip file is written, and nothing is overwritten unasked. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { run } from './run.ts';
import { type Answering, answering } from './server.ts';

let folder: string;
let server: Answering;
let served: { status?: number; body: unknown; headers: Record<string, string> };

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'deskbridge-cli-'));
  server = await answering(() => served);
});
afterEach(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

function manifest(...args: string[]) {
  const command = ['registration', 'manifest', 'r1', '--tenant', 'acme', ...args];
  return run(command, { DESKBRIDGE_URL: server.url, DESKBRIDGE_TOKEN: 't' });
}

function file(name: string, contentType: string, body: string): typeof served {
  const headers = { 'content-type': contentType, 'content-disposition': `attachment; filename="${name}"` };
  return { body, headers };
}

describe('registration manifest', () => {
  it('prints text, in the format that is asked for', async () => {
    served = file('deskbridge-slack.yaml', 'application/yaml', 'a: 1\n');
    const { code, stdout } = await manifest('--format', 'yaml');
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'a: 1\n' });
    expect(server.asked[0]?.url).toBe('/v1/tenants/acme/registrations/r1/manifest?format=yaml');
  });

  it('writes where --out says, over what is there', async () => {
    const out = join(folder, 'package.zip');
    await writeFile(out, 'old');
    served = file('deskbridge-teams.zip', 'application/zip', 'PK new');
    const { code, stdout } = await manifest('--out', out);
    expect({ code, stdout }).toEqual({ code: 0, stdout: `Written to ${out}.\n` });
    expect(await readFile(out, 'utf8')).toBe('PK new');
  });

  it('says what it wrote as JSON', async () => {
    const out = join(folder, 'package.zip');
    served = file('deskbridge-teams.zip', 'application/zip', 'PK');
    const { stdout } = await manifest('--out', out, '--json');
    const about = { filename: 'deskbridge-teams.zip', content_type: 'application/zip', bytes: 2, path: out };
    expect(JSON.parse(stdout)).toEqual(about);
  });

  it('tells where it could not write', async () => {
    served = file('deskbridge-teams.zip', 'application/zip', 'PK');
    const { code, stderr } = await manifest('--out', join(folder, 'no', 'such', 'folder.zip'));
    expect(code).toBe(1);
    expect(stderr).toContain('The file cannot be written');
  });

  it.each(['../evil.zip', '/etc/evil', '.profile', 'a/b.zip', ''])(
    'takes no path for a name from the server: %j',
    async (name) => {
      served = file(name, 'application/zip', 'PK');
      const { code, stderr } = await manifest('--json');
      expect(code).toBe(1);
      expect(JSON.parse(stderr)).toMatchObject({ code: 'unavailable' });
    },
  );

  it("tells the server's refusal", async () => {
    const problem = { title: 'Not found', status: 404, code: 'not_found', remedy: 'Check the id.' };
    served = { status: 404, body: problem, headers: {} };
    expect(await manifest()).toMatchObject({ code: 1, stderr: 'Not found.\nCheck the id.\n' });
  });
});
