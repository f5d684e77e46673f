/** Bodies of Slack: JSON for events, a form for interactions and commands, signed with the time. */
import { createHmac } from 'node:crypto';
import type { JsonObject } from '../../../src/kernel/canonical-json.ts';
import type { ChatWorld } from '../chat-world.ts';
import {
  arriving,
  type Frame,
  fixturesOf,
  jsonType,
  renewed,
  speakerOf,
  stampOf,
  type Wire,
} from './good-bodies.ts';
import type { Path } from './paths.ts';

const slackFrames: Readonly<Record<string, Frame>> = {
  event: 'json',
  interaction: 'payload',
  command: 'form',
};

export function slackWire(world: ChatWorld): Wire {
  const { installation, personId } = speakerOf(world);
  const fixtures = fixturesOf('slack', {
    T0ACME00001: installation.organization,
    E0GRID00001: installation.organization,
    A0DESK00001: installation.appId,
    U0ANN000001: personId,
  });
  const bodies = fixtures.map(({ name, kind = '', body = {}, expected }) => ({
    name,
    frame: slackFrames[kind] ?? 'json',
    json: JSON.stringify(body),
    intent: expected?.intent?.kind ?? 'none',
    vital: vitalOnSlack(kind, body),
  }));
  const secret = String(installation.credentials.signing_secret);
  const endpoint = `${world.running.url}/slack/events`;
  const paths = {
    ids: [['event_id'], ['trigger_id'], ['event', 'ts']],
    texts: [['event', 'text'], ['text'], ['user', 'name'], ['user_name']],
  };
  return {
    urls: [endpoint, `${endpoint}/${world.acme.registrationId}`],
    bodies: bodies.filter(({ name }) => name !== 'url-verification.json'),
    renew: (good, id, marker) => renewed(good, paths, [id, marker]),
    seal: (content, frame, proof) => {
      const body = frame === 'payload' ? inPayload(content) : content;
      const type = frame === 'json' ? jsonType : 'application/x-www-form-urlencoded';
      const headers = { 'content-type': type };
      if (proof === 'none') return { headers, body };
      const stamp = stampOf(proof);
      const key = proof === 'forged' ? `${secret}?` : secret;
      const digest = createHmac('sha256', key).update(`v0:${stamp}:`).update(body).digest('hex');
      const signed = { 'x-slack-request-timestamp': stamp, 'x-slack-signature': `v0=${digest}` };
      return { headers: { ...headers, ...signed }, body: arriving(body, proof) };
    },
  };
}

const escapes = Array.from({ length: 256 }, (_, byte) => {
  const sign = String.fromCharCode(byte);
  return /[A-Za-z0-9._-]/.test(sign) ? sign : `%${byte.toString(16).padStart(2, '0')}`;
});

/** Bytes of any kind as the value of a form's field. */
function inPayload(content: Buffer): Buffer {
  let form = 'payload=';
  for (const byte of content) form += escapes[byte];
  return Buffer.from(form, 'latin1');
}

/** Whom it is for is told by the workspace or the enterprise, in several places. */
const organization: Readonly<Record<string, readonly Path[]>> = {
  command: [['team_id'], ['enterprise_id']],
  interaction: [
    ['team', 'id'],
    ['team', 'enterprise_id'],
    ['enterprise', 'id'],
    ['view', 'app_installed_team_id'],
  ],
  event: [['authorizations'], ['context_team_id'], ['team_id'], ['enterprise_id'], ['context_enterprise_id']],
};

function vitalOnSlack(kind: string, body: JsonObject): (readonly Path[])[] {
  const common = [organization[kind] ?? []];
  // Shortcuts name no app.
  const { type } = body;
  if (type !== 'shortcut' && type !== 'message_action') common.push([['api_app_id']]);
  if (kind === 'command') return [...common, [['user_id']], [['command']]];
  if (kind === 'interaction') {
    if (type === 'block_actions') common.push([['actions']]);
    if (type === 'view_submission') common.push([['view']]);
    return [...common, [['user']], [['user', 'id']], [['type']]];
  }
  const event = (body.event ?? {}) as JsonObject;
  if (event.type === 'message' || event.type === 'app_mention') {
    common.push([['event', 'user']], [['event', 'channel']], [['event', 'ts']]);
  }
  if (event.type === 'app_home_opened') common.push([['event', 'user']]);
  if (event.type === 'app_uninstalled' || event.type === 'tokens_revoked') common.push([['event_time']]);
  return [...common, [['type']], [['event']], [['event', 'type']], [['event_id']]];
}
