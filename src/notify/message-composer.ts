/** Makes the message of a delivery: what its notification says, in its reader's language. */
import { ticketUrl } from '../desk/ticket-url.ts';
import type { Database, Transaction } from '../infra/database.ts';
import { KeyedCache } from '../infra/keyed-cache.ts';
import type { Message } from '../kernel/message.ts';
import type { Clock } from '../kernel/ports.ts';
import { firstSpoken, translator } from '../words/index.ts';
import type { PendingDelivery } from './delivery.ts';
import { kindOfKey } from './pending-delivery.ts';
import { presentNotification, presentWithdrawn } from './present-notification.ts';
import { loadContents, loadTenantVoice, type TenantVoice } from './ready-store.ts';
import type { NotificationContent } from './records.ts';

export interface ComposerDependencies {
  database: Database;
  clock: Clock;
  publicUrl: string;
  /** A token for a button: the same for the same arguments, so that every attempt says the same. */
  nonce: (tenantId: string, deliveryId: string, label: string, madeAt: Date) => string;
}

/** Contents never change once a delivery of theirs exists; the tenant's language may. */
const voiceTtlMs = 5_000;
const maxContents = 4_096;

export class MessageComposer {
  readonly #deps: ComposerDependencies;
  readonly #contents = new Map<string, NotificationContent>();
  readonly #voices: KeyedCache<TenantVoice>;

  constructor(deps: ComposerDependencies) {
    this.#deps = deps;
    this.#voices = new KeyedCache({ ttlMs: voiceTtlMs, maxEntries: 10_000, clock: deps.clock });
  }

  /** Reads what these notifications say, with whatever else the transaction reads. */
  async prepare(tx: Transaction, notificationIds: readonly string[]): Promise<void> {
    const missing = [...new Set(notificationIds)].filter((id) => !this.#contents.has(id));
    if (missing.length === 0) return;
    for (const { notification_id, content } of await loadContents(tx, missing)) {
      this.remember(notification_id, content);
    }
  }

  /** Keeps what a notification says, as it was read with its deliveries. */
  remember(notificationId: string, content: NotificationContent): void {
    this.#contents.set(notificationId, content);
    if (this.#contents.size <= maxContents) return;
    const [oldest] = this.#contents.keys();
    if (oldest !== undefined) this.#contents.delete(oldest);
  }

  /** @throws DeskbridgeError unavailable; Error when the notification is gone */
  async compose(tenantId: string, delivery: PendingDelivery): Promise<Message> {
    const [voice, content] = await Promise.all([
      this.#voice(tenantId),
      this.#content(tenantId, delivery.notificationId),
    ]);
    const { firstStartedAt, locale, timeZone, category, id, createdAt, userId } = delivery;
    return presentNotification({
      say: translator(firstSpoken([locale, voice.language]) ?? voice.language),
      timeZone,
      category,
      content,
      ticketUrl: (ticket) => ticketUrl(this.#deps.publicUrl, voice.slug, ticket),
      nonce: (label) => this.#deps.nonce(tenantId, id, label, firstStartedAt ?? createdAt),
      recipient: kindOfKey(delivery.conversation) === 'group' ? 'group' : 'person',
      userId,
    });
  }

  /** What stands in place of a message that was withdrawn and cannot be deleted. */
  async composeWithdrawn(tenantId: string, locale: string | null): Promise<Message> {
    const voice = await this.#voice(tenantId);
    return presentWithdrawn(translator(firstSpoken([locale, voice.language]) ?? voice.language));
  }

  #voice(tenantId: string): Promise<TenantVoice> {
    return this.#voices.get(tenantId, () =>
      this.#deps.database.inTenant(tenantId, (tx) => loadTenantVoice(tx)),
    );
  }

  async #content(tenantId: string, notificationId: string): Promise<NotificationContent> {
    if (!this.#contents.has(notificationId)) {
      await this.#deps.database.inTenant(tenantId, (tx) => this.prepare(tx, [notificationId]));
    }
    const content = this.#contents.get(notificationId);
    if (content === undefined) throw new Error('the notification is gone');
    return content;
  }
}
