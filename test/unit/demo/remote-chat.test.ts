/** A simulated chat across processes: who may sit down, and that a seat does what the chat does. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createPerson, startTeamsSimulator } from '../../../bots/teams/simulator/index.ts';
import { TeamsChat } from '../../../bots/teams/simulator/simulated-chat.ts';
import { attachChat, ChatServer } from '../../../src/demo/remote-chat.ts';

let chat: TeamsChat;
let server: ChatServer;

beforeEach(async () => {
  const simulator = await startTeamsSimulator({
    botEndpoint: 'http://127.0.0.1:9/',
    organization: '11111111-1111-4111-8111-111111111111',
    apps: [{ appId: '22222222-2222-4222-8222-222222222222', clientSecret: null }],
    people: [createPerson('ann', 'Ann Archer')],
  });
  chat = new TeamsChat(simulator, []);
  server = await ChatServer.open(new Map([['teams', chat]]));
});

afterEach(async () => {
  await server.close();
  await chat.close();
});

function post(path: string, headers: Record<string, string>) {
  return fetch(`${server.address.url}${path}`, { method: 'POST', headers, body: '[]' });
}

describe('a seat', () => {
  it('has the people and the optional methods of its platform', async () => {
    const seat = await attachChat(server.address, 'teams');
    expect(seat.people).toEqual([
      { key: 'ann', name: 'Ann Archer', platformUserId: chat.people[0]?.platformUserId },
    ]);
    expect(seat.search).toBeTypeOf('function');
    expect(seat.pressHome).toBeUndefined();
    await seat.close();
  });

  it('acts and sees as the chat does', async () => {
    const seat = await attachChat(server.address, 'teams');
    // Nobody listens at the bot's address.
    expect(await seat.say('help')).toMatchObject({ status: 0, shown: null });
    const chosen = await seat.choose?.({ title: 't', text: '', handle: '{"body":[]}' });
    const [seen] = await seat.messages({ as: 'ann' });
    expect(seen).toEqual(chosen);
    expect(await seat.nextMessage({}, [])).toEqual(seen);
    await expect(seat.press(seen ?? missing(), 'Gone')).rejects.toThrow('no button "Gone"');
    await seat.close();
  });

  it('waits no longer once it is left', async () => {
    const seat = await attachChat(server.address, 'teams');
    const waiting = seat.nextMessage({}, [], 60_000);
    await seat.close();
    await expect(waiting).rejects.toThrow('does not answer');
  });

  it('is not to be had on another platform, nor without a server', async () => {
    await expect(attachChat(server.address, 'slack')).rejects.toThrow('no simulated slack here');
    const { token } = server.address;
    await expect(attachChat({ url: 'http://127.0.0.1:9', token }, 'teams')).rejects.toThrow('still running');
  });
});

it('is refused without the token, with another, and to web pages', async () => {
  const authorization = `Bearer ${server.address.token}`;
  expect((await post('/teams/welcome', { authorization })).status).toBe(200);
  expect((await post('/teams/welcome', {})).status).toBe(401);
  expect((await post('/teams/welcome', { authorization: `${authorization}x` })).status).toBe(401);
  expect((await post('/teams/welcome', { authorization, origin: 'https://evil.example' })).status).toBe(401);
});

it('serves nothing but what a seat has', async () => {
  const authorization = `Bearer ${server.address.token}`;
  for (const method of ['close', 'uninstall', 'constructor', 'simulator', 'pressHome', '']) {
    expect((await post(`/teams/${method}`, { authorization })).status).toBe(404);
  }
});

function missing(): never {
  throw new Error('there is no message');
}
