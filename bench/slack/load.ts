/** Slack in the load process: signed events, and a Web API that says yes. */
import {
  createPerson,
  eventCallback,
  type Installation,
  type Scene,
  sign,
  typedEvent,
  World,
} from '../../bots/slack/simulator/index.ts';
import type { ApiAnswer, ApiCall, LoadSide, Said } from '../load-side.ts';
import { slackApp, slackSetup } from './setup.ts';

export function createSlackLoad(): LoadSide {
  return {
    answer,
    async speakers({ slug, people }) {
      const id = slackSetup.organizationOf(slug);
      const world = new World([slackApp([id])], [{ id, name: slug }], []);
      const installation = world.installation();
      return people.map(({ key, name }) => {
        const person = createPerson(key, name);
        const conversation = world.personalChat(installation, person);
        const scene = { installation, person, conversation, team: teamOf(installation), threadTs: null };
        return { key, say: (text) => signed(scene, text) };
      });
    },
  };
}

function signed(scene: Scene, text: string): Said {
  const { installation, conversation } = scene;
  const body = JSON.stringify(eventCallback(scene, typedEvent(scene, text, nextTs())));
  const timestamp = Math.floor(Date.now() / 1000);
  return {
    replyKey: conversation.id,
    headers: {
      'content-type': 'application/json',
      'x-slack-request-timestamp': String(timestamp),
      'x-slack-signature': sign(body, installation.app.signingSecret, timestamp),
    },
    body,
  };
}

let messages = 0;

/** Never the same twice, in no conversation: the Chat SDK takes the time alone for the message's id. */
function nextTs(): string {
  messages += 1;
  return `${Math.floor(Date.now() / 1000)}.${String(messages % 1_000_000).padStart(6, '0')}`;
}

/** Replies are known by their conversation: JSON of ours, a form of the SDK's. */
const channelOf = /(?:"channel":"|(?:^|&)channel=)([A-Z0-9]+)/;

function answer({ url, headers, body }: ApiCall): ApiAnswer {
  if (headers.authorization?.startsWith('Bearer xoxb-') !== true) {
    return { status: 200, body: { ok: false, error: 'not_authed' } };
  }
  if (url === '/api/chat.postMessage') {
    const channel = channelOf.exec(body)?.[1] ?? '';
    return { status: 200, body: { ok: true, channel, ts: nextTs() }, repliesTo: channel };
  }
  if (url === '/api/users.info') {
    const profile = { display_name: 'person', real_name: 'A Person' };
    return { status: 200, body: { ok: true, user: { name: 'person', real_name: 'A Person', profile } } };
  }
  return { status: 200, body: { ok: false, error: 'unknown_method' } };
}

/** A workspace on its own is its own team. @throws Error for an enterprise without workspaces */
function teamOf({ teams, organization }: Installation) {
  const [team] = teams;
  if (team === undefined) throw new Error(`${organization} has no workspace`);
  return team;
}
