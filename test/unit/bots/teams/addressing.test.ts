/** How destinations of Teams are named, and what the rate limits see of them. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isConversationId, teamsAddressing } from '../../../../bots/teams/addressing.ts';
import { teamsLimits } from '../../../../bots/teams/limits.ts';
import type { ConversationReference } from '../../../../src/kernel/activity.ts';
import type { Destination } from '../../../../src/kernel/notification.ts';

const ann = 'aaaaaaaa-0000-4000-8000-00000000000a';
const channel = '19:0a1b2c3d4e5f60718293a4b5c6d7e8f9@thread.tacv2';
const group = '19:0a1b2c3d4e5f60718293a4b5c6d7e8f9@thread.v2';
const reference: ConversationReference = {
  platformConversationId: 'a:1abc',
  type: 'personal',
  organization: 'acme',
  platformUserId: ann,
  serviceUrl: null,
  botId: null,
  channelId: null,
  threadId: null,
  locale: null,
};

describe('a destination', () => {
  it('of a person is their chat, then their feed', () => {
    expect(teamsAddressing.ofPerson(ann)).toEqual([
      { type: 'teams_chat', id: ann },
      { type: 'teams_feed', id: ann },
    ]);
  });

  it.each<[Partial<ConversationReference>, Destination]>([
    [{}, { type: 'teams_chat', id: ann }],
    [
      { type: 'group', platformConversationId: group, platformUserId: null },
      { type: 'teams_chat', id: group },
    ],
    [
      { type: 'channel', platformConversationId: channel, platformUserId: null },
      { type: 'teams_channel', id: channel },
    ],
  ])('of a conversation: %o', (fields, destination) => {
    expect(teamsAddressing.ofReference({ ...reference, ...fields })).toEqual(destination);
  });

  it.each<[string, Destination | null]>([
    [` ${ann.toUpperCase()} `, { type: 'teams_chat', id: ann }],
    [channel, { type: 'teams_channel', id: channel }],
    [`${channel};messageid=1700000000000`, { type: 'teams_channel', id: channel }],
    ['19:abc@thread.skype', { type: 'teams_channel', id: '19:abc@thread.skype' }],
    [group, { type: 'teams_chat', id: group }],
    ['19:meeting_Zm9v@thread.v2', { type: 'teams_chat', id: '19:meeting_Zm9v@thread.v2' }],
    [`19:${ann}_b@unq.gbl.spaces`, { type: 'teams_chat', id: `19:${ann}_b@unq.gbl.spaces` }],
    ['a:1abc', { type: 'teams_chat', id: 'a:1abc' }],
    ['19:abc@thread.example', null],
    ['ann@acme.test', null],
    ['28:bot', null],
    ['a:', null],
    ['a:1 b', null],
    [`a:${'x'.repeat(600)}`, null],
    ['', null],
  ])('of the address %s', (address, destination) => {
    expect(teamsAddressing.ofAddress(address)).toEqual(destination);
  });

  it('of an address never throws, and is found again by what it names', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.uuid(), fc.constantFrom(channel, group)), (address) => {
        const destination = teamsAddressing.ofAddress(address);
        if (destination !== null) expect(teamsAddressing.ofAddress(destination.id)).toEqual(destination);
      }),
    );
  });
});

describe('the limits see', () => {
  it.each<[Destination, string, string]>([
    [{ type: 'teams_chat', id: ann }, 'personal', 'send'],
    [{ type: 'teams_chat', id: 'a:1abc' }, 'personal', 'send'],
    [{ type: 'teams_chat', id: group }, 'group', 'send'],
    [{ type: 'teams_channel', id: channel }, 'group', 'send'],
    [{ type: 'teams_feed', id: ann }, 'personal', 'feed'],
  ])('a post to %o', (destination, kind, operation) => {
    expect(teamsAddressing.paced(destination)).toEqual({ conversation: destination.id, kind, operation });
    expect(teamsLimits.some(({ operations }) => operations.some((each) => each === operation))).toBe(true);
  });

  it('a chat that is created for a person to whom nobody spoke', () => {
    const chat = { type: 'teams_chat', id: ann } as const;
    const create = { conversation: ann, kind: 'personal', operation: 'create' };
    expect(teamsAddressing.opening(chat, null)).toEqual(create);
    expect(teamsAddressing.opening(chat, reference)).toBeNull();
    expect(teamsAddressing.opening({ type: 'teams_feed', id: ann }, null)).toBeNull();
    for (const id of [group, 'a:1abc']) {
      expect(isConversationId(id)).toBe(true);
      expect(teamsAddressing.opening({ type: 'teams_chat', id }, null)).toBeNull();
    }
    expect(teamsAddressing.opening({ type: 'teams_channel', id: channel }, null)).toBeNull();
  });
});
