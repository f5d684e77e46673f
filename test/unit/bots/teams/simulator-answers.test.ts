/** What the simulated Teams reads out of the bot's answers: search results, words, dialogs. */
import { describe, expect, it } from 'vitest';
import { renderAnswer } from '../../../../bots/teams/render-answer.ts';
import { readAnswer, readSearch } from '../../../../bots/teams/simulator/read-answer.ts';
import type { Answer } from '../../../../src/kernel/message.ts';
import { testActivity } from '../../../support/activity.ts';

function bodyOf(answer: Answer, invoke: string) {
  const activity = testActivity({
    platform: 'teams',
    replyBy: 'answer',
    invoke,
    intent: { kind: 'search', text: 'x', skip: 0, count: 25 },
  });
  return renderAnswer({ answer }, activity).body ?? null;
}

const none = { messageId: null, commandId: null };

describe('the answer to a search', () => {
  it('is hits, as they were before they were made safe for HTML', () => {
    const results = [{ title: '#1001 a < b & c', text: 'R&D', message: { title: 'x' } }];
    expect(readSearch(bodyOf({ kind: 'results', results }, 'composeExtension/query'))).toMatchObject({
      hits: [{ title: '#1001 a < b & c', text: 'R&D', handle: expect.stringContaining('"AdaptiveCard"') }],
      shown: null,
    });
  });

  it('or words, where the person is refused', () => {
    const message = { title: 'You do not have the permission for that.', tone: 'attention' } as const;
    const { hits, shown } = readSearch(bodyOf({ kind: 'card', message }, 'composeExtension/query'));
    expect(hits).toEqual([]);
    expect(shown?.lines[0]?.text).toContain('permission');
  });

  it('or nothing', () => {
    expect(readSearch(null)).toEqual({ hits: [], shown: null });
    const empty = bodyOf({ kind: 'results', results: [] }, 'composeExtension/query');
    expect(readSearch(empty)).toEqual({ hits: [], shown: null });
  });
});

describe('the answer to a button', () => {
  it('may be words, or an error with some', () => {
    const text = { statusCode: 200, type: 'application/vnd.microsoft.activity.message', value: 'Done' };
    expect(readAnswer(text, none)?.lines).toEqual([{ kind: 'text', text: 'Done' }]);
    const value = { code: '500', message: 'Not now' };
    const error = { statusCode: 500, type: 'application/vnd.microsoft.error', value };
    expect(readAnswer(error, none)?.lines).toEqual([{ kind: 'error', text: 'Not now' }]);
    expect(readAnswer({ ...error, value: null }, none)?.lines[0]?.text).not.toBe('');
  });

  it('shows nothing itself where a card takes the place of the message', () => {
    const card = bodyOf({ kind: 'card', message: { title: 'x' } }, 'adaptiveCard/action');
    expect(readAnswer(card, none)).toBeNull();
    expect(readAnswer(null, none)).toBeNull();
  });
});
