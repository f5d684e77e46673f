/** Bodies of Lark: encrypted, and signed over the encrypted bytes. */
import { createCipheriv, createHash, randomBytes } from 'node:crypto';
import type { JsonObject } from '../../../src/kernel/canonical-json.ts';
import type { ChatWorld } from '../chat-world.ts';
import { arriving, fixturesOf, jsonType, renewed, speakerOf, stampOf, type Wire } from './good-bodies.ts';
import { at, type Path, replace } from './paths.ts';

const inContent: Path = ['event', 'message', 'content'];

export function larkWire(world: ChatWorld): Wire {
  const { installation, personId } = speakerOf(world);
  const fixtures = fixturesOf('lark', {
    '16c2f3d4a5b6e7f8': installation.organization,
    cli_a4b7c1d2e3f40512: installation.appId,
    'verification-token-1': String(installation.credentials.verification_token),
    ou_7f3a90c1d5e24b6887aa01bc23de45f6: personId,
  });
  const bodies = fixtures.map(({ name, payload = {}, expected }) => ({
    name,
    frame: 'json' as const,
    json: JSON.stringify(payload),
    intent: expected?.intent?.kind ?? 'none',
    vital: vitalOnLark(payload),
  }));
  const secret = String(installation.credentials.encrypt_key);
  const paths = {
    ids: [['header', 'event_id'], ['uuid'], ['event', 'message', 'message_id'], ['event', 'open_message_id']],
    texts: [
      ['event', 'text_without_at_bot'],
      ['event', 'text'],
    ],
  };
  return {
    urls: [`${world.running.url}/lark/events/${world.acme.registrationId}`],
    bodies,
    renew: (good, id, marker) => {
      const body = renewed(good, paths, [id, marker]);
      const content = at(body, inContent);
      if (typeof content === 'string')
        replace(body, inContent, content.replace(/("text": ?")/, `$1${marker} `));
      return body;
    },
    seal: (content, _frame, proof) => {
      const body = encrypted(content, secret);
      const headers = { 'content-type': jsonType };
      if (proof === 'none') return { headers, body };
      const [stamp, nonce] = [stampOf(proof), 'nonce'];
      const key = proof === 'forged' ? `${secret}?` : secret;
      const signature = createHash('sha256').update(`${stamp}${nonce}${key}`).update(body).digest('hex');
      const signed = {
        'x-lark-request-timestamp': stamp,
        'x-lark-request-nonce': nonce,
        'x-lark-signature': signature,
      };
      return { headers: { ...headers, ...signed }, body: arriving(body, proof) };
    },
  };
}

/** The frame of a Lark event around bytes of any kind. */
function encrypted(content: Buffer, encryptKey: string): Buffer {
  const iv = randomBytes(16);
  const cipher = createCipheriv('aes-256-cbc', createHash('sha256').update(encryptKey).digest(), iv);
  const bytes = Buffer.concat([iv, cipher.update(content), cipher.final()]);
  return Buffer.from(JSON.stringify({ encrypt: bytes.toString('base64') }));
}

function vitalOnLark(payload: JsonObject): Path[][] {
  const inHeader = (name: string): Path[] => [['header', name]];
  const first = payload.header === undefined;
  const common: Path[][] = first
    ? [
        [['event']],
        [['event', 'type']],
        [['event', 'app_id']],
        [['event', 'tenant_key']],
        [['uuid']],
        [['token']],
      ]
    : [
        [['header']],
        inHeader('event_id'),
        inHeader('event_type'),
        inHeader('token'),
        inHeader('app_id'),
        inHeader('tenant_key'),
        [['event']],
      ];
  const event = (payload.event ?? {}) as JsonObject;
  // The person whose chat began, whoever began it.
  const inEvents = event.type === 'p2p_chat_create' ? [['user'], ['chat_id']] : vitalInLarkEvents;
  const ofKind = inEvents.filter((path) => at(event, path) !== undefined);
  const ofPerson = event.type === 'message' ? [[['event', 'open_id']]] : [];
  const ofRemoval = event.type === 'app_uninstalled' ? [[['ts']]] : [];
  return [...common, ...ofKind.map((path) => [['event', ...path]]), ...ofPerson, ...ofRemoval];
}

/** Wherever they stand: what was written, by whom, where, and which button was pressed. */
const vitalInLarkEvents: readonly Path[] = [
  ['message'],
  ['message', 'message_id'],
  ['message', 'chat_type'],
  ['message', 'chat_id'],
  ['message', 'content'],
  ['sender'],
  ['sender', 'sender_id'],
  ['operator'],
  ['action'],
  ['chat_id'],
  ['open_chat_id'],
  ['open_message_id'],
];
