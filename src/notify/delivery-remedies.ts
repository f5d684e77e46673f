/** What an administrator can do about a delivery that did not arrive: one sentence for every error code and reason. */
import type { DeliveryRow } from './delivery-queries.ts';
import type { DeliveryErrorCode, SkipReason } from './records.ts';

/** Causes that are a reason of some deliveries and the error code of others. */
const causes = {
  blocked_by_user:
    'The person blocked or removed the bot: ask them to add it again, or give them another channel.',
  not_in_conversation: 'The bot is no member there: add it to the team, channel or group, then retry.',
  user_not_mapped:
    'The person has no linked chat account that the bot can reach: link one, or let them write to the bot once, then retry.',
  tenant_suspended: 'The tenant is suspended: an operator has to set it active again, then retry.',
  registration_inactive:
    'The registration is pending or retired: approve it or enrol another one, then retry.',
  registration_misconfigured:
    'The registration cannot be used as it is: run its doctor, mend what it names, then retry.',
  category_disabled:
    'The category is switched off in the settings: take it out of disabled_categories, then retry.',
  quiet_hours_expired:
    'It would have ended before the quiet hours of the person did: give it a later expires_at, or retry to send it now.',
} satisfies Partial<Record<SkipReason & DeliveryErrorCode, string>>;

const ofReason: Record<SkipReason, string> = {
  ...causes,
  cancelled: 'Somebody cancelled it: retry sends it after all.',
  withdrawn: 'The notification was withdrawn: send a new one if it is wanted after all.',
  superseded: 'A newer notification with the same collapse_key took its place: nothing has to be done.',
  muted:
    'The person muted this category: they may change that in chat, or an administrator in their preferences.',
  expired: 'Its expires_at passed before it could be sent: retry sends it all the same.',
};

const ofErrorCode: Record<DeliveryErrorCode, string> = {
  ...causes,
  throttled:
    'The platform kept asking to slow down: retry later; if it goes on, lower the limits of the registration.',
  unauthorized:
    'The platform refused the credentials: run the doctor of the registration, renew its credentials, then retry.',
  not_found: 'The platform knows no such conversation or person: check the address or the link, then retry.',
  server_error: 'The platform failed before anything was posted: retry when it is well again.',
  transient: 'The platform could not be reached: check the network from here, then retry.',
  payload_rejected:
    'The platform refused even the smaller form of the message: shorten the text and send it anew.',
  outcome_unknown:
    'Nobody can tell whether it was posted: look into the conversation, then resolve it as sent or not_sent. Retry may show it twice.',
  unknown: 'It was not posted, for a reason that has no code of its own: see the attempts, then retry.',
};

/** Null for a delivery that needs nothing. The reason of a skip says more than the code beside it. */
export function remedyOf(delivery: Pick<DeliveryRow, 'status' | 'reason' | 'error_code'>): string | null {
  if (delivery.reason !== null) return ofReason[delivery.reason];
  if (delivery.status !== 'failed' || delivery.error_code === null) return null;
  return ofErrorCode[delivery.error_code];
}
