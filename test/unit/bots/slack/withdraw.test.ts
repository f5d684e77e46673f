/** A notification taken back: deleted, or replaced where Slack does not let it be deleted. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SendOutcome } from '../../../../src/kernel/platform.ts';
import { type Scene, startScene } from './notifier-scene.ts';

let scene: Scene;
let messageId: string;

beforeEach(async () => {
  scene = await startScene();
  const outcome = await scene.runtime.deliver(scene.delivery());
  if (outcome.result !== 'sent' || outcome.messageId === null) throw new Error(JSON.stringify(outcome));
  messageId = outcome.messageId;
});
afterEach(() => scene.close());

function withdraw(runtime = scene.runtime, id = messageId): Promise<SendOutcome> {
  const { registration, destination, reference, timeoutMs } = scene.delivery();
  const replacement = { title: 'Withdrawn' };
  return runtime.withdraw({ registration, destination, reference, messageId: id, replacement, timeoutMs });
}

describe('a message', () => {
  it('is gone, and may be withdrawn again', async () => {
    expect(await withdraw()).toMatchObject({ result: 'sent', messageId });
    expect(scene.simulator.postedByBot()).toEqual([]);
    expect(await withdraw()).toEqual({ result: 'sent', messageId });
    expect(scene.simulator.counts).toMatchObject({ 'chat.delete': 2, 'chat.postMessage': 1 });
    expect(scene.simulator.counts['chat.update']).toBeUndefined();
  });

  it('is found by a runtime that did not post it', async () => {
    expect(await withdraw(scene.restarted())).toMatchObject({ result: 'sent' });
    expect(scene.simulator.postedByBot()).toEqual([]);
  });

  it.each(['cant_delete_message', 'compliance_exports_prevent_deletion', 'something_new'])(
    'is replaced after %s',
    async (error) => {
      scene.simulator.faults.set('chat.delete', { kind: 'error', error });
      expect(await withdraw()).toMatchObject({ result: 'sent', messageId });
      expect(scene.simulator.postedByBot()).toMatchObject([
        { id: messageId, text: 'Withdrawn', versions: 2 },
      ]);
      scene.simulator.faults.set('chat.update', { kind: 'error', error: 'message_not_found' }, 1);
      expect(await withdraw()).toEqual({ result: 'sent', messageId });
    },
  );
});

describe('what went wrong is told as it is', () => {
  it.each<[string, object]>([
    ['ratelimited', { result: 'rejected', code: 'throttled', retryable: true }],
    ['fatal_error', { result: 'unknown' }],
    ['missing_scope', { result: 'rejected', code: 'registration_misconfigured', retryable: false }],
    ['channel_not_found', { result: 'rejected', code: 'not_found', retryable: false }],
  ])('%s', async (error, outcome) => {
    scene.simulator.faults.set('chat.delete', { kind: 'error', error });
    expect(await withdraw()).toMatchObject({ ...outcome, detail: error });
    expect(scene.simulator.counts['chat.update']).toBeUndefined();
    expect(scene.simulator.postedByBot()).toHaveLength(1);
  });

  it('a conversation that could not be opened: nothing was done', async () => {
    scene.simulator.faults.set('conversations.open', { kind: 'drop_before' });
    expect(await withdraw(scene.restarted())).toMatchObject({ result: 'rejected', retryable: true });
    scene.simulator.faults.clear();
    scene.simulator.faults.set('conversations.open', { kind: 'error', error: 'user_disabled' });
    expect(await withdraw(scene.restarted())).toMatchObject({
      result: 'rejected',
      code: 'not_in_conversation',
      detail: 'user_disabled',
    });
    expect(scene.simulator.counts['chat.delete']).toBeUndefined();
  });
});
