/** Conversation references: what a payload's place yields, and that the way back leads to the same conversation. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { channelReference, personalReference, postTarget } from '../../../../bots/slack/reference.ts';

const place = { channel: 'C1', organization: 'T1', userId: 'U1', botId: 'U0' };

describe('of a channel', () => {
  it('names the person in a direct message alone', () => {
    expect(channelReference({ ...place, channel: 'D1' })).toMatchObject({
      type: 'personal',
      platformUserId: 'U1',
      channelId: null,
    });
    expect(channelReference(place)).toMatchObject({ type: 'channel', platformUserId: null, channelId: 'C1' });
  });

  it('is none for a direct message with nobody, or a place of no known kind', () => {
    expect(channelReference({ ...place, channel: 'D1', userId: null })).toBeNull();
    expect(channelReference({ ...place, channel: 'X1' })).toBeNull();
    expect(channelReference({ ...place, channel: '' })).toBeNull();
  });

  it.each([
    ['im', 'personal'],
    ['app_home', 'personal'],
    ['mpim', 'group'],
    ['group', 'channel'],
    ['channel', 'channel'],
  ])('with the channel type %s is %s', (hint, type) => {
    expect(channelReference({ ...place, hint })?.type).toBe(type);
  });
});

describe('back to chat.postMessage', () => {
  it('leads to the conversation and thread that came in', () => {
    const id = fc
      .tuple(fc.constantFrom('C', 'D', 'G'), fc.stringMatching(/^[A-Z0-9]{1,20}$/))
      .map((p) => p.join(''));
    const thread = fc.option(fc.stringMatching(/^\d{10}\.\d{6}$/));
    fc.assert(
      fc.property(id, thread, (channel, threadTs) => {
        const reference = channelReference({ ...place, channel, ts: '1.2', threadTs: threadTs ?? undefined });
        if (reference === null) throw new Error('no reference');
        expect(postTarget(reference, null)).toEqual({ channel, threadTs });
      }),
    );
  });

  it('threads a reply in a channel under the message that it answers', () => {
    const channel = channelReference(place);
    const group = channelReference({ ...place, channel: 'G1' });
    if (channel === null || group === null) throw new Error('no reference');
    expect(postTarget(channel, '17.1').threadTs).toBe('17.1');
    expect(postTarget({ ...channel, threadId: '16.1' }, '17.1').threadTs).toBe('16.1');
    expect(postTarget(group, '17.1').threadTs).toBeNull();
    expect(postTarget(personalReference('T1', 'U1'), '17.1')).toEqual({ channel: 'U1', threadTs: null });
  });
});
