/** The audit row of what a person attempted from chat; questions, searches and repeats leave none. */
import type { Outcome } from '../actions/run-action.ts';
import type { AuditKeys } from '../audit/audit-keys.ts';
import { recordAudit } from '../audit/record-audit.ts';
import type { Scene } from './scene.ts';

/** Writes the row, as the last statements of the transaction. @param receiptId the event that it came by */
export async function recordOutcome(
  scene: Scene,
  auditKeys: AuditKeys,
  outcome: Outcome | null,
  receiptId: string | null,
): Promise<void> {
  const attempt = outcome !== null && 'attempt' in outcome ? outcome.attempt : null;
  if (attempt === null) return;
  const { context } = scene;
  const entry = {
    ...attempt,
    actorKind: 'user' as const,
    actorId: context.actor?.userId ?? null,
    actorUserId: context.actor?.userId ?? null,
    platformUserId: context.chat?.platformUserId ?? null,
    platform: scene.activity.platform,
    surface: context.surface,
    sourceId: receiptId,
  };
  await recordAudit(context.tx, auditKeys, entry, context.now);
}
