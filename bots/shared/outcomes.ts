/** Outcomes of sends that mean the same on every platform. */
import type { SendErrorCode, SendOutcome } from '../../src/kernel/platform.ts';

/** HTTP statuses that say that nothing was posted, where the platform says no more. */
export const rejections: Readonly<Record<number, SendErrorCode>> = {
  400: 'payload_rejected',
  401: 'unauthorized',
  403: 'unauthorized',
  404: 'not_found',
  413: 'payload_rejected',
  415: 'payload_rejected',
};

/** The outcome of a request that was not answered. */
export function unanswered(mayHaveLeft: boolean): SendOutcome {
  if (mayHaveLeft) return { result: 'unknown', code: 'outcome_unknown' };
  return { result: 'rejected', code: 'transient', retryable: true };
}

/** The outcome for a registration that cannot be used as it stands. */
export function misconfigured(): SendOutcome {
  return { result: 'rejected', code: 'registration_misconfigured', retryable: false };
}
