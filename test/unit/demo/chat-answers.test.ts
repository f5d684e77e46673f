/** What the terminal chat reads out of the bot's answers to a search. */
import { describe, expect, it } from 'vitest';
import { renderAnswer } from '../../../bots/teams/render-answer.ts';
import { readSearch } from '../../../src/demo/chat-answers.ts';
import type { Activity } from '../../../src/kernel/activity.ts';
import type { Answer } from '../../../src/kernel/message.ts';

function answerTo(answer: Answer) {
  const activity: Activity = {
    platform: 'teams',
    appId: 'a',
    organization: 'o',
    eventKeys: ['e'],
    reference: null,
    person: null,
    messageId: null,
    cardMessageId: null,
    replyBy: 'answer',
    invoke: 'composeExtension/query',
    intent: { kind: 'search', text: 'x', skip: 0, count: 25 },
  };
  return readSearch(renderAnswer({ answer }, activity).body ?? null);
}

describe('the answer to a search', () => {
  it('is hits, as they were before they were made safe for HTML', () => {
    const results = [{ title: '#1001 a < b & c', text: 'R&D', message: { title: 'x' } }];
    expect(answerTo({ kind: 'results', results })).toMatchObject({
      kind: 'hits',
      hits: [{ title: '#1001 a < b & c', text: 'R&D' }],
    });
  });

  it('or words, where the person is refused', () => {
    const message = { title: 'You do not have the permission for that.', tone: 'attention' } as const;
    expect(answerTo({ kind: 'card', message })).toEqual({
      kind: 'text',
      text: expect.stringContaining('permission'),
    });
  });

  it('or nothing', () => {
    expect(readSearch(null)).toEqual({ kind: 'hits', hits: [] });
    expect(answerTo({ kind: 'results', results: [] })).toEqual({ kind: 'hits', hits: [] });
  });
});
