/** Exit codes and the two forms of what goes wrong, of the whole command line inside one process. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { run } from './run.ts';
import { type Answering, answering, closedUrl } from './server.ts';

const opened: { close(): Promise<void> }[] = [];

async function server(answer: Parameters<typeof answering>[0]): Promise<Answering> {
  const started = await answering(answer);
  opened.push(started);
  return started;
}

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'deskbridge-cli-'));
  opened.push({ close: () => rm(path, { recursive: true }) });
  return path;
}

afterEach(async () => {
  for (const each of opened.splice(0)) await each.close();
});

describe('usage', () => {
  it.each([
    [[]],
    [['tenant']],
    [['nonsense']],
    [['tenant', 'create', '--slug', 'acme']],
    [['tenant', 'list', '--limit', '0']],
    [['key', 'create', '--tenant', 'a', '--name', 'n', '--role', 'king']],
    [['key', 'revoke', '--tenant', 'a']],
    [['key', 'revoke', '--tenant', 'a', '..']],
    [['chat', '--as', 'nobody']],
    [['chat', '--on', 'fax']],
    [['chat', '--once', ' ']],
    [['audit', 'list', '--tenant', 'a', '--since', 'yesterday']],
    [['settings', 'set', '--tenant', 'a', 'group_chat']],
    [['action', 'run', 'help', '--tenant', 'a', '--as', 'x', '--input', '[]']],
    [['action', 'run', 'help', '--tenant', 'a', '--as', 'x', '--set', 'novalue']],
  ])('%j is called wrongly', async (args) => {
    const { code, stdout, stderr } = await run(args, { DESKBRIDGE_URL: await closedUrl() });
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).not.toBe('');
  });

  it.each([['ftp://desk.example.com'], ['not a url'], ['http://desk.example.com']])(
    'refuses DESKBRIDGE_URL=%s without sending the token there',
    async (url) => {
      const { code, stderr } = await run(['tenant', 'list'], { DESKBRIDGE_URL: url, DESKBRIDGE_TOKEN: 'x' });
      expect(code).toBe(2);
      expect(stderr).toContain('DESKBRIDGE_URL');
    },
  );

  it('names a wrong PORT', async () => {
    const { code, stderr } = await run(['tenant', 'list'], { PORT: 'x' });
    expect(code).toBe(2);
    expect(stderr).toContain('PORT');
  });

  it('is told as JSON where JSON is wanted', async () => {
    const { code, stderr } = await run(['tenant', 'create', '--json']);
    expect(code).toBe(2);
    expect(JSON.parse(stderr)).toMatchObject({ code: 'usage' });
  });

  it('of a group without a command is its help', async () => {
    const { stderr } = await run(['tenant']);
    expect(stderr).toMatch(/^Usage: deskbridge tenant .*list tenants.*[^)]\n$/s);
  });

  it('of --help is no fault', async () => {
    const { code, stdout } = await run(['secrets', 'rotate', '--help']);
    expect(code).toBe(0);
    expect(stdout).toContain('openssl rand -base64 32');
  });
});

describe('a server that does not answer', () => {
  it('is said in a sentence', async () => {
    const url = await closedUrl();
    const { code, stderr } = await run(['tenant', 'list'], { DESKBRIDGE_URL: url });
    expect(code).toBe(1);
    expect(stderr).toBe(
      `No Deskbridge server answers on ${url}.\nStart it with "npm start", or set DESKBRIDGE_URL to where it runs.\n`,
    );
  });

  it('stops chat before it begins', async () => {
    const { code, stderr } = await run(['chat', '--once', 'help'], { DESKBRIDGE_URL: await closedUrl() });
    expect(code).toBe(1);
    expect(stderr).toContain('No Deskbridge server answers');
  });
});

describe('a refusal', () => {
  const problem = {
    title: 'Not found',
    status: 404,
    code: 'not_found',
    remedy: 'Check the id.',
    request_id: 'r1',
  };

  it('is printed on standard error, and the exit code is 1', async () => {
    const { url } = await server(() => ({ status: 404, body: problem }));
    const { code, stdout, stderr } = await run(['tenant', 'list'], { DESKBRIDGE_URL: url });
    expect({ code, stdout, stderr }).toEqual({ code: 1, stdout: '', stderr: 'Not found.\nCheck the id.\n' });
  });

  it("is the server's whole document with --json", async () => {
    const { url } = await server(() => ({ status: 404, body: problem }));
    const { code, stderr } = await run(['tenant', 'list', '--json'], { DESKBRIDGE_URL: url });
    expect(code).toBe(1);
    expect(JSON.parse(stderr)).toEqual(problem);
  });

  it('of something that is no Deskbridge server says so', async () => {
    const { url } = await server(() => ({ status: 502, body: '<html>Bad gateway</html>' }));
    const { code, stderr } = await run(['tenant', 'list'], { DESKBRIDGE_URL: url });
    expect(code).toBe(1);
    expect(stderr).toContain(`${url} answered 502`);
  });

  it('is what a redirection is, so that no token follows it', async () => {
    const thief = await server(() => ({ body: { items: [], next_cursor: null } }));
    const { url } = await server(() => ({ status: 307, headers: { location: `${thief.url}/v1/tenants` } }));
    const { code } = await run(['tenant', 'list'], { DESKBRIDGE_URL: url, DESKBRIDGE_TOKEN: 'secret' });
    expect(code).toBe(1);
    expect(thief.asked).toEqual([]);
  });
});

describe('the token', () => {
  const list = () => ({ body: { items: [], next_cursor: null } });

  it.each([
    [{ DESKBRIDGE_TOKEN: 'mine', DESKBRIDGE_ADMIN_TOKEN: 'admin' }, 'Bearer mine'],
    [{ DESKBRIDGE_TOKEN: '', DESKBRIDGE_ADMIN_TOKEN: 'admin' }, 'Bearer admin'],
    [{}, 'Bearer from-the-file'],
  ])('comes of %j', async (env, expected) => {
    const dataDir = await folder();
    await writeFile(join(dataDir, 'admin-token'), 'from-the-file\n');
    const { url, asked } = await server(list);
    await run(['tenant', 'list'], { ...env, DESKBRIDGE_URL: url, DESKBRIDGE_DATA_DIR: dataDir } as Record<
      string,
      string
    >);
    expect(asked.map(({ authorization }) => authorization)).toEqual([expected]);
  });

  it('is left out where there is none', async () => {
    const { url, asked } = await server(list);
    await run(['tenant', 'list'], { DESKBRIDGE_URL: url, DESKBRIDGE_DATA_DIR: await folder() });
    expect(asked[0]?.authorization).toBeUndefined();
  });

  it('that cannot be read is named', async () => {
    const dataDir = await folder();
    await mkdir(join(dataDir, 'admin-token'));
    const { code, stderr } = await run(['tenant', 'list'], { DESKBRIDGE_DATA_DIR: dataDir });
    expect(code).toBe(1);
    expect(stderr).toContain('The token file cannot be read');
  });
});

it('lists over several pages, and no more than was asked for', async () => {
  const { url, asked } = await server(({ url: path }) => {
    const query = new URL(path, 'http://x').searchParams;
    const from = Number(query.get('cursor') ?? 0);
    const items = Array.from({ length: Number(query.get('limit')) }, (_, index) => ({
      slug: `t${from + index}`,
    }));
    return { body: { items, next_cursor: String(from + items.length) } };
  });
  const { stdout } = await run(['tenant', 'list', '--limit', '450', '--json'], { DESKBRIDGE_URL: url });
  const printed = JSON.parse(stdout) as { items: { slug: string }[]; next_cursor: string };
  expect(printed.items.map(({ slug }) => slug)).toEqual(
    Array.from({ length: 450 }, (_, index) => `t${index}`),
  );
  expect(printed.next_cursor).toBe('450');
  expect(asked.map((one) => new URL(one.url, 'http://x').searchParams.get('limit'))).toEqual([
    '200',
    '200',
    '50',
  ]);
});

describe('credentials', () => {
  const add = [
    'registration',
    'add',
    '--tenant',
    'acme',
    '--platform',
    'teams',
    '--name',
    'Bot',
    '--app-id',
    'a',
    '--organization',
    'o',
  ];
  const created = () => ({ status: 201, body: { registration_id: 'r', status: 'active' } });

  it.each([
    ['standard input', ['--credentials-file', '-'], {}, '{"client_secret":"s3cret"}'],
    ['the environment', [], { DESKBRIDGE_CREDENTIALS: '{"client_secret":"s3cret"}' }, ''],
  ])('come from %s and are printed nowhere', async (_, args, env, input) => {
    const { url, asked } = await server(created);
    const ran = await run(
      [...add, ...args],
      { ...env, DESKBRIDGE_URL: url } as Record<string, string>,
      input,
    );
    expect(ran.code).toBe(0);
    expect(asked[0]?.body).toMatchObject({ credentials: { client_secret: 's3cret' } });
    expect(ran.stdout + ran.stderr).not.toContain('s3cret');
  });

  it('come from a file', async () => {
    const file = join(await folder(), 'credentials.json');
    await writeFile(file, '{"client_secret":"s3cret"}');
    const { url, asked } = await server(created);
    expect((await run([...add, '--credentials-file', file], { DESKBRIDGE_URL: url })).code).toBe(0);
    expect(asked[0]?.body).toMatchObject({ credentials: { client_secret: 's3cret' } });
  });

  it.each([
    ['missing', [], ''],
    ['empty', ['--credentials-file', '-'], ''],
    ['no object', ['--credentials-file', '-'], '"s3cret"'],
    ['no JSON', ['--credentials-file', '-'], 's3cret'],
    ['in no file', ['--credentials-file', '/nonexistent/file'], ''],
  ])('that are %s are a usage error that does not quote them', async (_, args, input) => {
    const { url, asked } = await server(created);
    const { code, stderr } = await run([...add, ...args], { DESKBRIDGE_URL: url }, input);
    expect(code).toBe(2);
    expect(stderr).not.toContain('s3cret');
    expect(asked).toEqual([]);
  });
});

describe('settings set', () => {
  it('reads values as the API takes them', async () => {
    const { url, asked } = await server(() => ({ body: { group_chat: true } }));
    const changes = ['group_chat=true', 'surfaces=bot, card,', 'allowed_actions=all', 'language=en'];
    await run(['settings', 'set', '--tenant', 'acme', ...changes], { DESKBRIDGE_URL: url });
    expect(asked).toMatchObject([
      {
        method: 'PATCH',
        url: '/v1/tenants/acme/settings',
        body: { group_chat: true, surfaces: ['bot', 'card'], allowed_actions: null, language: 'en' },
      },
    ]);
  });
});

describe('audit verify', () => {
  it('ends with 1 for a broken chain, and says where', async () => {
    const fault = { kind: 'altered', seq: 3, event_id: 'e3' };
    const { url } = await server(() => ({ body: { valid: false, checked: 2, last_seq: 2, fault } }));
    const { code, stdout } = await run(['audit', 'verify', '--tenant', 'acme'], { DESKBRIDGE_URL: url });
    expect(code).toBe(1);
    expect(stdout).toBe('The chain is broken: row 3 (event e3) was altered. The rows up to 2 are good.\n');
  });

  it('offline makes no key and no database where there is none', async () => {
    const dataDir = join(await folder(), 'nothing');
    const { code, stderr } = await run(['audit', 'verify', '--tenant', 'a', '--offline'], {
      DESKBRIDGE_DATA_DIR: dataDir,
    });
    expect(code).toBe(1);
    expect(stderr).toContain('There is no secret key');
    await expect(rm(dataDir)).rejects.toThrow('ENOENT');
  });
});

describe('--user', () => {
  it('takes an e-mail address', async () => {
    const { url, asked } = await server(({ method }) =>
      method === 'GET'
        ? { body: { items: [{ user_id: 'u7' }], next_cursor: null } }
        : { body: { code: 'A-B' } },
    );
    const { stdout } = await run(['link', 'code', '-t', 'acme', '--user', 'ann@acme.test'], {
      DESKBRIDGE_URL: url,
    });
    expect(asked[1]?.url).toBe('/v1/tenants/acme/users/u7/link-codes');
    expect(stdout).toContain('link A-B');
  });

  it('that nobody has is a refusal', async () => {
    const { url } = await server(() => ({ body: { items: [], next_cursor: null } }));
    const { code, stderr } = await run(['link', 'code', '-t', 'acme', '--user', 'no@acme.test'], {
      DESKBRIDGE_URL: url,
    });
    expect(code).toBe(1);
    expect(stderr).toContain('no@acme.test');
  });
});
