/** Destinations of Slack: each conversation and person has one name, however it was met. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { slackAddressing as addressing } from '../../../../bots/slack/addressing.ts';
import { slackLimits } from '../../../../bots/slack/limits.ts';
import { channelReference, personalReference } from '../../../../bots/slack/reference.ts';

const id = (prefixes: string) =>
  fc
    .tuple(fc.constantFrom(...prefixes), fc.stringMatching(/^[A-Z0-9]{1,20}$/))
    .map((parts) => parts.join(''));
const place = { organization: 'T1', botId: 'U0' };

describe('a person', () => {
  it('is one destination, whether linked, captured by a message or a command, or typed', () => {
    fc.assert(
      fc.property(id('UW'), id('D'), (person, channel) => {
        const dm = { type: 'slack_dm', id: person };
        const captured = channelReference({ ...place, channel, userId: person });
        if (captured === null) throw new Error('no reference');
        expect(addressing.ofPerson(person)).toEqual([dm]);
        expect(addressing.ofReference(captured)).toEqual(dm);
        expect(addressing.ofReference(personalReference('T1', person))).toEqual(dm);
        expect(addressing.ofAddress(person)).toEqual(dm);
      }),
    );
  });

  it('whose id was not captured is named by the conversation', () => {
    const reference = { type: 'personal', platformConversationId: 'D1', platformUserId: null } as const;
    expect(addressing.ofReference(reference)).toEqual({ type: 'slack_dm', id: 'D1' });
  });
});

describe('a group or channel', () => {
  it('is one destination, whether captured or typed', () => {
    fc.assert(
      fc.property(id('CG'), fc.constantFrom('mpim', 'channel', undefined), (channel, hint) => {
        const captured = channelReference({
          ...place,
          channel,
          hint,
          userId: 'U1',
          ts: '2.0',
          threadTs: '1.0',
        });
        if (captured === null) throw new Error('no reference');
        const destination = { type: 'slack_channel', id: channel };
        expect(addressing.ofReference(captured)).toEqual(destination);
        expect(addressing.ofAddress(` ${channel}\n`)).toEqual(destination);
      }),
    );
  });
});

describe('an address', () => {
  it.each(['', 'C', '#general', '@ann', 'general', 'T0ACME', 'c0desk', 'C0 DESK', 'oc_1', '19:x@thread.v2'])(
    '%j is none of Slack’s',
    (address) => expect(addressing.ofAddress(address)).toBeNull(),
  );

  it('never throws, and what it takes it takes as it stands', () => {
    fc.assert(
      fc.property(fc.string(), (address) => {
        const destination = addressing.ofAddress(address);
        if (destination !== null) expect(destination.id).toBe(address.trim());
      }),
    );
    expect(addressing.ofAddress('D0ANN')).toEqual({ type: 'slack_dm', id: 'D0ANN' });
  });
});

it('a post counts as the limits count it, and nothing comes before it', () => {
  const [dm] = addressing.ofPerson('U1');
  if (dm === undefined) throw new Error('no destination');
  expect(addressing.paced(dm)).toEqual({ conversation: 'U1', kind: 'personal', operation: 'send' });
  const channel = { type: 'slack_channel', id: 'C1' } as const;
  expect(addressing.paced(channel)).toEqual({ conversation: 'C1', kind: 'group', operation: 'send' });
  expect(slackLimits.some(({ operations }) => operations.includes('send'))).toBe(true);
  expect(addressing.opening(dm, null)).toBeNull();
  expect(addressing.opening(channel, null)).toBeNull();
});
