/** How people and groups are named as destinations, and what the limits see of a send to them. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { larkAddressing } from '../../../../bots/lark/addressing.ts';
import { larkLimits } from '../../../../bots/lark/limits.ts';
import type { ConversationType } from '../../../../src/kernel/activity.ts';
import { testReference } from '../../../support/activity.ts';

const at = (type: ConversationType, platformConversationId: string, platformUserId: string | null) =>
  larkAddressing.ofReference(
    testReference({ type, platformConversationId, platformUserId, organization: 'o' }),
  );

describe('a destination', () => {
  it('of a person is the open_id, however the conversation was captured', () => {
    const [ann] = larkAddressing.ofPerson('ou_ann');
    expect(ann).toEqual({ type: 'lark_user', id: 'ou_ann' });
    expect(at('personal', 'oc_p2p', 'ou_ann')).toEqual(ann);
    expect(at('personal', 'ou_ann', 'ou_ann')).toEqual(ann);
    expect(larkAddressing.ofAddress(' ou_ann ')).toEqual(ann);
  });

  it('of a group, with topics or without, is the chat', () => {
    const desk = { type: 'lark_chat', id: 'oc_desk' };
    expect(at('group', 'oc_desk', null)).toEqual(desk);
    expect(at('channel', 'oc_desk', null)).toEqual(desk);
    expect(larkAddressing.ofAddress('oc_desk')).toEqual(desk);
  });

  it('of a chat with an unknown person is what can be written to', () => {
    expect(at('personal', 'oc_p2p', null)).toEqual({ type: 'lark_chat', id: 'oc_p2p' });
    expect(at('personal', 'ou_ann', null)).toEqual({ type: 'lark_user', id: 'ou_ann' });
  });

  it.each(['on_union', 'ann@acme.test'])('is a person for the address %s', (id) => {
    expect(larkAddressing.ofAddress(id)).toEqual({ type: 'lark_user', id });
  });

  it.each(['', 'ou_', 'oc_a b', 'om_1', 'U0ANN', 'ann', 'a@b@c', '@acme.test', `oc_${'x'.repeat(191)}`])(
    'is none for the address "%s"',
    (address) => {
      expect(larkAddressing.ofAddress(address)).toBeNull();
    },
  );

  it('is read from any text without an error, and again from itself', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^o[cun]_\w+$/), fc.emailAddress()), (text) => {
        const destination = larkAddressing.ofAddress(text);
        if (destination !== null) expect(larkAddressing.ofAddress(destination.id)).toEqual(destination);
      }),
    );
  });
});

it('is paced as its own conversation, by an operation that the limits know', () => {
  const person = larkAddressing.paced({ type: 'lark_user', id: 'ou_ann' });
  expect(person).toEqual({ conversation: 'ou_ann', kind: 'personal', operation: 'send' });
  expect(larkAddressing.paced({ type: 'lark_chat', id: 'oc_desk' })).toMatchObject({ kind: 'group' });
  expect(larkLimits.flatMap(({ operations }) => operations)).toContain(person.operation);
  expect(larkAddressing.opening({ type: 'lark_user', id: 'ou_ann' }, null)).toBeNull();
});
