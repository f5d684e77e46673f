/** A process runs the parts that its roles name. */
import { expect, it } from 'vitest';
import { startGateway } from '../support/gateway.ts';

it('without the role web it answers for its health only', async () => {
  const gateway = await startGateway({ environment: { DESKBRIDGE_ROLES: 'worker' } });
  try {
    const status = async (path: string, method = 'GET') =>
      (await fetch(`${gateway.running.url}${path}`, { method })).status;
    expect(await status('/healthz')).toBe(200);
    expect(await status('/readyz')).toBe(200);
    expect(await status('/metrics')).toBe(200);
    expect(await status('/v1/tenants')).toBe(404);
    expect(await status('/api/messages', 'POST')).toBe(404);
  } finally {
    await gateway.close();
  }
});
