/** The demo's people can be spoken to before they said a word: each has a conversation on each simulated platform. */
import { conversationIdOf } from '../conversations/capture-reference.ts';
import type { Database } from '../infra/database.ts';
import type { ConversationReference } from '../kernel/activity.ts';
import type { Clock } from '../kernel/ports.ts';
import { putConversation } from './demo-conversation-store.ts';

/** A personal conversation with the bot of a registration. */
export interface DemoConversation {
  platform: string;
  registrationId: string;
  reference: ConversationReference;
}

/**
 * Puts them down as if the bot had been installed there, greets nobody and leaves no audit rows. What is there already
 * is brought to the address that its simulator has since this start; when the person was last heard stays.
 * @param conversations the platform to prefer for people who never spoke comes first
 */
export async function seedConversations(
  database: Database,
  tenantId: string,
  conversations: readonly DemoConversation[],
  clock: Clock,
): Promise<void> {
  const now = clock.now();
  const platforms = [...new Set(conversations.map(({ platform }) => platform))];
  await database.inTenant(tenantId, async (tx) => {
    for (const { platform, registrationId, reference } of conversations) {
      const conversationId = conversationIdOf(registrationId, reference);
      const at = new Date(now.getTime() - platforms.indexOf(platform) * 1_000);
      putConversation(tx, { conversationId, registrationId, platform }, reference, at);
    }
  });
}
