/** Lists over HTTP: bounds of a page, cursors, and pages that stay stable while others write. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newId } from '../../../src/kernel/ids.ts';
import { startTestApp, type TestApp } from '../../support/app.ts';
import { makeWorld, type TenantWorld } from '../../support/tenant-world.ts';

let app: TestApp;
let world: TenantWorld;

beforeAll(async () => {
  app = await startTestApp();
  world = await makeWorld(app);
});
afterAll(() => app.close());

const lists = ['users', 'links', 'keys', 'registrations', 'conversations', 'audit-events'];
const deskLists = ['clients', 'contacts', 'boards', 'tickets', 'approvals', 'groups', 'deliveries'];

async function page(query: string, path = '/clients') {
  const { status, body } = await world.call('GET', `${path}?${query}`);
  return { status, code: body.code, items: body.items ?? [], next: body.next_cursor as string | null };
}

describe.each([...lists, ...deskLists].map((name) => `/${name}`))('%s', (path) => {
  test('clamps the limit and refuses what is no number', async () => {
    for (const limit of ['0', '-3', '1'])
      expect((await page(`limit=${limit}`, path)).items.length).toBeLessThan(2);
    for (const limit of ['9999', '200', '50']) expect((await page(`limit=${limit}`, path)).status).toBe(200);
    for (const limit of ['abc', '1.5', '1e999', 'NaN', '1&limit=2']) {
      expect(await page(`limit=${limit}`, path)).toMatchObject({ status: 400, code: 'validation_error' });
    }
  });

  test('refuses every cursor that it did not give', async () => {
    const place = (text: string) => Buffer.from(text).toString('base64url');
    const forged = [
      '',
      'x',
      '%00',
      '..%2F',
      place('now now'),
      place(`${new Date().toISOString()} not-an-id`),
      place(`${new Date().toISOString()} ${newId()} more`),
      `${place(`${new Date().toISOString()} ${newId()}`)}=`,
      place(`+275760-09-13T00:00:00.001Z ${newId()}`),
    ];
    for (const cursor of forged) {
      const refused = await page(`cursor=${cursor}`, path);
      expect(refused.status).toBe(400);
      expect(refused.code).toMatch(/^(malformed_cursor|validation_error)$/);
    }
    expect((await page(`cursor=${place('x')}`, path)).code).toBe('malformed_cursor');
    expect((await page(`cursor=${'x'.repeat(501)}`, path)).status).toBe(400);
  });

  test('goes through everything in pages of one, each once', async () => {
    const all = (await page('limit=200', path)).items;
    const seen: unknown[] = [];
    for (let cursor = ''; ; ) {
      const part = await page(`limit=1${cursor}`, path);
      seen.push(...part.items);
      if (part.next === null) break;
      cursor = `&cursor=${part.next}`;
    }
    expect(seen).toEqual(all);
  });
});

test('a list of 260 rows comes in pages of at most 200', async () => {
  const big = await makeWorld(app);
  await Promise.all(Array.from({ length: 259 }, (_, i) => big.create('/clients', { name: `Client ${i}` })));
  const first = await big.call('GET', '/clients?limit=1000');
  expect(first.body.items).toHaveLength(200);
  const rest = await big.call('GET', `/clients?limit=1000&cursor=${first.body.next_cursor}`);
  expect(rest.body.items).toHaveLength(60);
  expect(rest.body.next_cursor).toBeNull();
  expect((await big.call('GET', '/clients')).body.items).toHaveLength(50);
});

test('whoever pages sees each row that was there at the start exactly once, whatever is added meanwhile', async () => {
  const steps = fc.array(fc.record({ limit: fc.integer({ min: 1, max: 7 }), added: fc.nat({ max: 3 }) }), {
    minLength: 1,
    maxLength: 8,
  });
  await fc.assert(
    fc.asyncProperty(steps, fc.integer({ min: 0, max: 12 }), async (plan, existing) => {
      const own = await makeWorld(app);
      const add = (count: number) =>
        Promise.all(Array.from({ length: count }, () => own.create('/clients', { name: 'C' })));
      await add(existing);
      const atStart =
        (await own.call('GET', '/clients?limit=200')).body.items?.map((item) => item.client_id) ?? [];
      const seen: unknown[] = [];
      let cursor: unknown = null;
      for (let turn = 0; ; turn += 1) {
        const { limit, added } = plan[turn % plan.length] ?? { limit: 5, added: 0 };
        const after = cursor === null ? '' : `&cursor=${cursor}`;
        const { body } = await own.call('GET', `/clients?limit=${limit}${after}`);
        seen.push(...(body.items ?? []).map((item) => item.client_id));
        cursor = body.next_cursor;
        if (cursor === null) break;
        await add(added);
      }
      expect(seen).toEqual(atStart);
    }),
    { numRuns: 12 },
  );
});
