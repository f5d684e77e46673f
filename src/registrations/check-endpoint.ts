/** Whether the platform can reach us where the manifest says. */
import type { Check } from '../kernel/platform.ts';

const timeoutMs = 3_000;
const step = 'endpoint';

/** Asks our own public address for its health. Of the demo nothing outside this machine is asked. */
export async function checkEndpoint(publicUrl: string, demo: boolean): Promise<Check> {
  const url = new URL(publicUrl);
  if (demo) return { step, status: 'pass', detail: 'The demo is spoken to on this machine.' };
  if (url.protocol !== 'https:') {
    return {
      step,
      status: 'fail',
      detail: `The public address ${url.origin} is not https, which no platform calls.`,
      remedy: 'Set DESKBRIDGE_PUBLIC_URL to the https address that leads to this server.',
    };
  }
  try {
    const response = await fetch(`${publicUrl}/healthz`, {
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
    });
    const body: unknown = await response.json();
    const ours =
      response.ok && typeof body === 'object' && body !== null && 'status' in body && body.status === 'ok';
    if (ours) return { step, status: 'pass', detail: `${url.origin} leads to this server.` };
    return unreachable(url, `answered ${response.status}, but not as this server does`);
  } catch {
    return unreachable(url, 'did not answer');
  }
}

function unreachable(url: URL, what: string): Check {
  return {
    step,
    status: 'warn',
    detail: `${url.origin} ${what} when this server asked itself.`,
    remedy:
      'Check DNS, certificate and proxy. Where this server cannot reach its own public address, ask it from elsewhere.',
  };
}
