/** The terminal chat with the real server, as a process: the first conversation of a new user, on every platform. */
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { attachChat } from '../../../src/demo/remote-chat.ts';
import { type Installation, listeningUrl, spawnNode, startInstallation, stop } from './programs.ts';

let installation: Installation;

beforeAll(async () => {
  installation = await startInstallation();
});

afterAll(async () => {
  await installation.close();
});

/** A script, one line a message; inside the test, where a process of its own adds nothing. */
function script(lines: string[], args: string[] = []) {
  return installation.command(['chat', '--as', 'ann', ...args], {
    input: lines.map((line) => `${line}\n`).join(''),
  });
}

describe('chat', () => {
  it('answers help with --once, the same every time and as a script shows it', async () => {
    const once = await installation.cli(['chat', '--as', 'ann', '--once', 'help']);
    expect(once).toMatchObject({ code: 0, stderr: '' });
    expect(once.stdout).toContain('my tickets');
    const piped = await installation.cli(['chat', '--as', 'ann'], { input: 'help\n' });
    expect(piped).toMatchObject({ code: 0, stderr: '', stdout: `ann> help\n${once.stdout}` });
  });

  it('shows the audit row of each mutation, and none for a query', async () => {
    const { code, stdout, stderr } = await script([
      'my tickets',
      'assign 1 to me',
      'note 1: Called back',
      'whoami',
    ]);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    const turns = stdout.split(/^ann> .*$/m).slice(1);
    const rows = turns.map((turn) => turn.match(/^audit #\d+ \S+ \S+ [0-9a-f]{8}…$/gm) ?? []);
    expect(rows.map((lines) => lines.map((line) => line.split(' ').slice(2, 4).join(' ')))).toEqual([
      [],
      ['assign_ticket success'],
      ['add_note success'],
      [],
    ]);
  });

  it('lets a script press buttons, fill in forms and be somebody else', async () => {
    const lines = ['ticket 1002', '/as ben', 'my approvals', '1', 'whoami'];
    const { code, stdout, stderr } = await script(lines);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^\(card updated\)$/m);
    expect(stdout).toMatch(/^audit #\d+ approval_response success [0-9a-f]{8}…$/m);
    expect(stdout).toContain('ben> whoami\nYou are Ben Brook');
  });

  it('reads forms line by line', async () => {
    const { code, stdout } = await script(['help', '3', 'Screen is broken', '', '', '', '', 'my tickets']);
    expect(code).toBe(0);
    expect(stdout).toContain('New ticket (/cancel leaves)');
    expect(stdout).toMatch(/^audit #\d+ create_ticket success /m);
  });

  it('speaks JSON, an object a line', async () => {
    const { stdout } = await script(['assign 1001 to me'], ['--json']);
    const events = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(events.map(({ event }) => event)).toEqual(['typed', 'card', 'audit']);
    expect(events[2]).toMatchObject({ action: 'assign_ticket', result: 'success' });
  });

  it('goes on without a token, and says that it shows no audit', async () => {
    const { code, stdout } = await installation.command(['chat', '--once', 'whoami'], {
      env: { DESKBRIDGE_ADMIN_TOKEN: '' },
    });
    expect(code).toBe(0);
    expect(stdout).toContain('audit rows are not shown');
    expect(stdout).toContain('You are Ann Archer');
  });

  // Each platform with a person and a ticket of its own: they share the desk.
  it.each([
    ['teams', 'ben', '1001'],
    ['slack', 'cara', '1002'],
    ['lark', 'dan', '1003'],
  ])('works the desk on %s: buttons, forms, a group, Chinese', async (platform, person, ticket) => {
    const lines = ['help', `ticket ${ticket}`, '1', '5', 'soon', '', '', '45m', '', '', 'my tickets'];
    lines.push('/group', '我的工单', `分配 ${ticket} 给我`, '/personal', '/desk whoami');
    const { code, stdout, stderr } = await installation.command(['chat', '--as', person, '--on', platform], {
      input: lines.map((line) => `${line}\n`).join(''),
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const turns = stdout.split(new RegExp(`^${person}(?: \\(group\\))?> `, 'm')).slice(1);
    const said = (line: string) => turns.find((turn) => turn.startsWith(`${line}\n`)) ?? '';
    expect(said('help')).toMatch(/^\[1\] My tickets {2}\[2\] My approvals {2}\[3\] New ticket$/m);
    expect(said(`ticket ${ticket}`)).toMatch(/^Status +\S/m);
    expect(said('1')).toContain(`(card updated)\n#${ticket} is yours now`);
    expect(said('5')).toContain('Log time (/cancel leaves)\n  Time: soon');
    expect(said('5')).toContain('  Write a time from 1 minute to 24 hours');
    expect(said('5')).toContain(`45m logged on #${ticket}`);
    expect(said('my tickets')).toMatch(new RegExp(`^\\d\\. #${ticket} `, 'm'));
    expect(said('我的工单')).toContain('未关闭工单');
    expect(said('/desk whoami')).toContain(`${person}@demo.test`);
    const rows = turns.flatMap((turn) => turn.match(/^audit #\d+ .*(?= [0-9a-f]{8}…$)/gm) ?? []);
    expect(rows.map((row) => row.replace(/^audit #\d+ /, ''))).toEqual([
      'assign_ticket success',
      'log_time failure (validation_error)',
      'log_time success',
      'assign_ticket success',
    ]);
  });

  it("makes a ticket of somebody's message on every platform, and opens Slack's own page", async () => {
    for (const platform of ['teams', 'slack', 'lark']) {
      const { code, stdout } = await script(
        ['/ticket The scanner is broken', '', '', '', '', '/home'],
        ['--on', platform],
      );
      expect(code).toBe(0);
      expect(stdout).toMatch(/^audit #\d+ create_ticket_from_message success /m);
      expect(stdout.includes('no page of its own')).toBe(platform !== 'slack');
    }
  });

  it('finds the simulated platforms by the data directory alone, in a file of its owner', async () => {
    const file = join(installation.env.DESKBRIDGE_DATA_DIR ?? '', 'simulators.json');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const elsewhere = await mkdtemp(join(tmpdir(), 'deskbridge-elsewhere-'));
    try {
      for (const platform of ['teams', 'slack', 'lark']) {
        const { code, stderr } = await installation.command(['chat', '--on', platform, '--once', 'help'], {
          env: { DESKBRIDGE_DATA_DIR: elsewhere },
        });
        expect(code).toBe(1);
        expect(stderr).toContain(`in ${elsewhere}: chat needs a server in demo mode`);
      }
    } finally {
      await rm(elsewhere, { recursive: true });
    }
  });

  it('shows on Teams what was said before, as a client does that is opened again', async () => {
    await script(['whoami'], ['--as', 'eve']);
    const address = JSON.parse(
      await readFile(join(installation.env.DESKBRIDGE_DATA_DIR ?? '', 'simulators.json'), 'utf8'),
    );
    const seat = await attachChat(address, 'teams');
    expect((await seat.messages({ as: 'eve' })).map(({ text }) => text).join()).toContain('You are Eve East');
    await seat.close();
  });

  it('ends as a process of its own on a platform that the server opened', async () => {
    const { code, stdout, stderr } = await installation.cli(['chat', '--on', 'slack', '--once', 'whoami']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('You are Ann Archer');
  });

  it('ends with 1 where the server has no demo', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'deskbridge-no-demo-'));
    const own = { DESKBRIDGE_DATA_DIR: dataDir, DESKBRIDGE_DEMO: '0' };
    const server = spawnNode(['bin/start.js'], { ...installation.env, ...own, PORT: '0' });
    try {
      const env = { DESKBRIDGE_URL: await listeningUrl(server), DESKBRIDGE_DATA_DIR: dataDir };
      const { code, stderr } = await installation.command(['chat', '--once', 'help'], { env });
      expect(code).toBe(1);
      expect(stderr).toContain('demo mode');
    } finally {
      await stop(server);
      await rm(dataDir, { recursive: true });
    }
  });
});
