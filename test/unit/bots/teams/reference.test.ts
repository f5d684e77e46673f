/** Conversation references: what an activity yields, and that the way back leads to the same conversation. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readEnvelope } from '../../../../bots/teams/envelope.ts';
import {
  connectorConversationId,
  splitConversationId,
  toReference,
} from '../../../../bots/teams/reference.ts';
import type { ConversationReference } from '../../../../src/kernel/activity.ts';
import type { JsonObject } from '../../../../src/kernel/canonical-json.ts';

const whole: JsonObject = {
  type: 'message',
  serviceUrl: 'https://smba.trafficmanager.net/emea/',
  from: { id: '29:AbC', name: 'Ann', aadObjectId: 'AAAA-01' },
  recipient: { id: '28:app' },
  conversation: { id: 'a:1Chat', conversationType: 'personal' },
  channelData: { channel: { id: '19:x@thread.tacv2' } },
  locale: 'de-DE',
};

function refer(fields: JsonObject): ConversationReference | null {
  return toReference(readEnvelope({ ...whole, ...fields }), 'org');
}

describe('from an activity', () => {
  it('holds everything that speaking later needs', () => {
    expect(refer({})).toEqual({
      platformConversationId: 'a:1Chat',
      type: 'personal',
      organization: 'org',
      platformUserId: 'aaaa-01',
      serviceUrl: 'https://smba.trafficmanager.net/emea/',
      botId: '28:app',
      channelId: null,
      threadId: null,
      locale: 'de-DE',
    });
  });

  it('falls back on the bot-specific id, whose case matters', () => {
    expect(refer({ from: { id: '29:AbC' } })?.platformUserId).toBe('29:AbC');
  });

  it.each<[string, JsonObject]>([
    ['a conversation', { conversation: undefined }],
    ['an id', { conversation: { conversationType: 'personal' } }],
    ['an id before the thread', { conversation: { id: ';messageid=1', conversationType: 'channel' } }],
    ['a known kind', { conversation: { id: 'a:1', conversationType: 'meeting' } }],
    ['a service URL', { serviceUrl: undefined }],
    ['the bot', { recipient: {} }],
    ['the person', { from: undefined }],
    ['a person who is no bot', { from: { id: '28:other' } }],
  ])('is none without %s', (_, fields) => {
    expect(refer(fields)).toBeNull();
  });

  it.each<[string, JsonObject, string | null]>([
    ["Graph's id of the team", { team: { id: '19:team', aadGroupId: 'AAAA' } }, 'aaaa'],
    ["the connector's id of the team", { team: { id: '19:team' } }, '19:team'],
    ['no team', { channel: { id: '19:c' } }, null],
  ])('of a channel knows %s', (_, channelData, team) => {
    const conversation = { id: '19:c', conversationType: 'channel' };
    expect(refer({ conversation, channelData })?.channelId).toBe(team);
    expect(refer({ channelData })?.channelId).toBeNull();
  });

  it('takes the language from the client information', () => {
    const entities = [{ type: 'clientInfo', locale: 'fr-FR' }];
    expect(refer({ locale: undefined, entities })?.locale).toBe('fr-FR');
    expect(refer({ locale: undefined })?.locale).toBeNull();
  });
});

describe('back to the connector', () => {
  it('leads to the id that came in', () => {
    const id = fc.stringMatching(/^[a-zA-Z0-9:@._-]{1,60}$/);
    const thread = fc.option(fc.stringMatching(/^[0-9]{1,20}$/));
    fc.assert(
      fc.property(id, thread, fc.constantFrom('groupChat', 'channel'), (base, threadId, conversationType) => {
        const full = threadId === null ? base : `${base};messageid=${threadId}`;
        const reference = refer({ conversation: { id: full, conversationType } });
        if (reference === null) throw new Error('no reference');
        expect(reference.platformConversationId).toBe(base);
        expect(connectorConversationId(reference, null)).toBe(full);
      }),
    );
  });

  it('threads a reply in a channel under the message that it answers', () => {
    const reference = refer({ conversation: { id: '19:c', conversationType: 'channel' } });
    if (reference === null) throw new Error('no reference');
    expect(connectorConversationId(reference, '17')).toBe('19:c;messageid=17');
    expect(connectorConversationId({ ...reference, threadId: '16' }, '17')).toBe('19:c;messageid=16');
    expect(connectorConversationId({ ...reference, type: 'group' }, '17')).toBe('19:c');
  });

  it('takes an empty thread for none', () => {
    expect(splitConversationId('19:c;messageid=')).toEqual({
      platformConversationId: '19:c',
      threadId: null,
    });
  });
});
