/** Activities and conversation references of which a test says only what matters to it. */
import type { Activity, ConversationReference } from '../../src/kernel/activity.ts';

/** A reference whose other members are null. */
export function testReference(
  fields: Partial<ConversationReference> &
    Pick<ConversationReference, 'platformConversationId' | 'type' | 'organization'>,
): ConversationReference {
  return {
    platformUserId: null,
    serviceUrl: null,
    botId: null,
    channelId: null,
    threadId: null,
    locale: null,
    ...fields,
  };
}

/** An activity of nobody and nowhere, unless the fields say more. */
export function testActivity(
  fields: Partial<Activity> & Pick<Activity, 'platform' | 'replyBy' | 'intent'>,
): Activity {
  return {
    appId: 'a',
    organization: 'o',
    eventKeys: ['k'],
    reference: null,
    person: null,
    messageId: null,
    cardMessageId: null,
    ...fields,
  };
}
