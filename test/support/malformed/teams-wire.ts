/** Bodies of Teams, and the token that a request carries, which says nothing of the body. */
import { TeamsChat } from '../../../bots/teams/simulator/simulated-chat.ts';
import type { ChatWorld } from '../chat-world.ts';
import { fixturesOf, jsonType, type Proof, renewed, stampOf, type Wire } from './good-bodies.ts';
import type { Path } from './paths.ts';

/** @throws Error for a world of another platform */
export async function teamsWire(world: ChatWorld): Promise<Wire> {
  if (!(world.chat instanceof TeamsChat)) throw new Error('not Teams');
  const { simulator } = world.chat;
  const { serviceUrl, organization, appId, person } = simulator.scene();
  const fixtures = fixturesOf('teams', {
    'https://smba.trafficmanager.net/emea/8f1c2d3e-4b5a-4c6d-8e7f-9a0b1c2d3e4f/': serviceUrl,
    '8f1c2d3e-4b5a-4c6d-8e7f-9a0b1c2d3e4f': organization,
    '0c9a1f5e-7d1b-4a52-9d0e-5f0c7a3b2e11': appId,
    '5D6E7F80-1A2B-4C3D-9E4F-5A6B7C8D9E0F': person.aadObjectId,
  });
  const paths = { ids: [['id']], texts: [['text'], ['from', 'name']] };
  const vital: Path[][] = [
    [['channelId']],
    [['serviceUrl']],
    [['type']],
    [['id']],
    [['conversation']],
    [['conversation', 'id']],
    [['conversation', 'tenantId']],
    [['channelData']],
    [['channelData', 'tenant']],
    [['channelData', 'tenant', 'id']],
  ];
  const bodies = fixtures.map(({ name, payload = {}, expected }) => {
    const said: Path[][] = payload.type === 'invoke' ? [[['from']], [['name']]] : [];
    if (payload.type === 'message') said.push([['from']]);
    const intent = expected?.intent?.kind ?? 'none';
    return {
      name,
      frame: 'json' as const,
      json: JSON.stringify(payload),
      intent,
      vital: [...vital, ...said],
    };
  });
  const tokens: Record<Proof, string | null> = {
    authentic: await simulator.signToken(),
    none: null,
    forged: await simulator.signToken({ key: 'foreign' }),
    stale: await simulator.signToken({ claims: lasting('stale') }),
    future: await simulator.signToken({ claims: lasting('future') }),
    tampered: `${(await simulator.signToken()).slice(0, -8)}AAAAAAAA`,
  };
  return {
    urls: [`${world.running.url}/api/messages`],
    bodies,
    renew: (good, unique, marker) => renewed(good, paths, [unique, marker]),
    seal: (body, _frame, proof) => {
      const token = tokens[proof];
      const authorization = token === null ? {} : { authorization: `Bearer ${token}` };
      return { headers: { 'content-type': jsonType, ...authorization }, body };
    },
  };
}

/** Claims of a token that lasts an hour from the stamp on. */
function lasting(proof: Proof): { nbf: number; exp: number } {
  const nbf = Number(stampOf(proof));
  return { nbf, exp: nbf + 3600 };
}
