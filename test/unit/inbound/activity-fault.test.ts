/** What is handled of the activities that platforms translate, and what is refused before anything is looked up. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { activityFault } from '../../../src/inbound/activity-fault.ts';
import type { Activity, Intent } from '../../../src/kernel/activity.ts';
import { testReference } from '../../support/activity.ts';

const reference = testReference({
  platformConversationId: 'D1',
  type: 'personal',
  organization: 'T1',
  platformUserId: 'U1',
});

const typed: Intent = { kind: 'command', text: 'help', source: null };

const evidence: Extract<Intent, { kind: 'evidence' }> = {
  kind: 'evidence',
  of: 'read',
  tokens: [],
  messageIds: [],
  readUpTo: null,
};

function activity(fields: Partial<Activity> = {}): Activity {
  return {
    platform: 'slack',
    appId: 'A1',
    organization: 'T1',
    eventKeys: ['Ev1', 'msg:1'],
    reference,
    person: { platformUserId: 'U1', name: null, otherId: 'on_1' },
    messageId: '1',
    cardMessageId: null,
    replyBy: 'message',
    intent: typed,
    ...fields,
  };
}

describe('an activity', () => {
  it('is handled when it names who, where and what', () => {
    expect(activityFault(activity())).toBeNull();
  });

  it('is handled when it is evidence, of whomever and wherever', () => {
    expect(activityFault(activity({ intent: evidence, person: null, reference: null }))).toBeNull();
  });

  it('is refused when an identifier holds what no database keeps', () => {
    const wrong = fc
      .tuple(fc.string(), fc.constantFrom('\u0000', '\ud800', '\udfff'), fc.string())
      .map((parts) => parts.join('|'));
    const places: ((id: string) => Partial<Activity>)[] = [
      (id) => ({ organization: id }),
      (id) => ({ eventKeys: ['Ev1', id] }),
      (id) => ({ person: { platformUserId: id, name: null } }),
      (id) => ({ person: { platformUserId: 'U1', name: null, otherId: id } }),
      (id) => ({ reference: { ...reference, threadId: id } }),
      (id) => ({ replyReference: { ...reference, platformConversationId: id } }),
      (id) => ({ messageId: id }),
      (id) => ({ cardMessageId: id }),
      (id) => ({ quotedMessageId: id }),
      (id) => ({ invoke: id }),
      (id) => ({ intent: { ...evidence, readUpTo: id } }),
      (id) => ({ intent: { ...evidence, messageIds: ['1', id] } }),
      (id) => ({ intent: { ...evidence, tokens: [{ token: 't', messageId: id }] } }),
    ];
    fc.assert(
      fc.property(wrong, fc.constantFrom(...places), (id, place) => {
        expect(activityFault(activity(place(id)))).toBe('malformed_id');
      }),
    );
  });

  it('takes what people wrote as it comes: it is cleaned where it is used', () => {
    const intent: Intent = { kind: 'command', text: 'a\u0000\ud800', source: null };
    expect(activityFault(activity({ intent }))).toBeNull();
    expect(activityFault(activity({ person: { platformUserId: 'U1', name: '\u0000' } }))).toBeNull();
  });

  it.each<[Intent['kind'], Intent, string | null]>([
    ['command', typed, 'person_missing'],
    ['search', { kind: 'search', text: '', skip: 0, count: 1 }, 'person_missing'],
    ['unsupported', { kind: 'unsupported', name: 'x' }, 'person_missing'],
    ['installed', { kind: 'installed' }, null],
    ['uninstalled', { kind: 'uninstalled' }, null],
    ['revoked', { kind: 'revoked', reason: 'x', at: new Date() }, null],
    ['ignored', { kind: 'ignored', reason: 'x' }, null],
  ])('%s without a person: %#', (_kind, intent, fault) => {
    expect(activityFault(activity({ intent, person: null }))).toBe(fault);
  });

  it.each<[string, Partial<Activity>, string | null]>([
    ['a command that waits for a message', {}, 'conversation_missing'],
    ['a command that is answered elsewhere', { replyReference: reference }, null],
    ['a command that is answered at once', { replyBy: 'answer' }, null],
    ['the bot that came', { intent: { kind: 'installed' } }, 'conversation_missing'],
    ['the bot that went', { intent: { kind: 'uninstalled' } }, 'conversation_missing'],
    ['the app that was removed', { intent: { kind: 'revoked', reason: 'x', at: new Date() } }, null],
    ['what is ignored', { intent: { kind: 'ignored', reason: 'x' } }, null],
  ])('without a conversation: %s', (_name, fields, fault) => {
    expect(activityFault(activity({ reference: null, ...fields }))).toBe(fault);
  });
});
