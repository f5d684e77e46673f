/** Lark in the load process: sealed events, and an Open API that says yes. */
import { appTicketEvent } from '../../bots/lark/simulator/events-v1.ts';
import {
  createPerson,
  messageEvent,
  nextMessageId,
  personalChat,
  seal,
} from '../../bots/lark/simulator/index.ts';
import type { JsonObject } from '../../src/kernel/canonical-json.ts';
import type { ApiAnswer, ApiCall, LoadSide, Outgoing } from '../load-side.ts';
import { larkApp, larkSetup } from './setup.ts';

const { appId, verificationToken } = larkApp;
/** The bot has none in a chat of two. */
const bot = { botName: 'Deskbridge', botOpenId: '' };

export function createLarkLoad(): LoadSide {
  return {
    answer,
    async speakers({ slug, people }) {
      const organization = larkSetup.organizationOf(slug);
      return people.map(({ key, name }) => {
        const person = createPerson(key, name);
        const chat = personalChat(person, appId, organization);
        const place = { person, openId: person.platformUserId, chat, organization };
        const scene = { ...bot, ...place, appId, verificationToken, parentId: null, rootId: null };
        return {
          key,
          say: (text) => {
            const messageId = nextMessageId();
            const event = messageEvent({ ...scene, now: new Date() }, text, { messageId });
            return { replyKey: messageId, ...sealed(event) };
          },
        };
      });
    },
    // Tokens of an app of the store begin with the ticket that the platform pushes.
    opening: () => sealed(appTicketEvent(appId, verificationToken, 'ticket', new Date())),
  };
}

function sealed(event: JsonObject): Outgoing {
  return seal(event, larkApp, Math.floor(Date.now() / 1000));
}

const reply = /^\/open-apis\/im\/v1\/messages\/([^/]+)\/reply$/;
const ok = { code: 0, msg: 'ok' };
const expire = 7200;

function answer({ url, headers, body }: ApiCall): ApiAnswer {
  if (url === '/open-apis/auth/v3/app_access_token') {
    return { status: 200, body: { ...ok, app_access_token: 'a-benchmark', expire } };
  }
  if (url === '/open-apis/auth/v3/tenant_access_token') {
    const { tenant_key } = JSON.parse(body) as { tenant_key: string };
    return { status: 200, body: { ...ok, tenant_access_token: `t-${tenant_key}`, expire } };
  }
  const id = reply.exec(url)?.[1];
  if (id === undefined || headers.authorization?.startsWith('Bearer t-bench') !== true) {
    return { status: 400, body: { code: 99991663, msg: 'Invalid access token for authorization.' } };
  }
  return { status: 200, body: { ...ok, data: { message_id: `${id}r` } }, repliesTo: id };
}
