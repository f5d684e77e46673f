/** The terminal chat with the real server, as a process: the first conversation of a new user. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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

  it('ends with 1 where the server has no demo', async () => {
    const server = spawnNode(['bin/start.js'], { ...installation.env, PORT: '0', DESKBRIDGE_DEMO: '0' });
    try {
      const env = { DESKBRIDGE_URL: await listeningUrl(server) };
      const { code, stderr } = await installation.command(['chat', '--once', 'help'], { env });
      expect(code).toBe(1);
      expect(stderr).toContain('demo mode');
    } finally {
      await stop(server);
    }
  });
});
