/** What holds for every route of the admin API, over the very list that is served. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { adminRoutes } from '../../../src/http/app.ts';
import type { Route } from '../../../src/http/route.ts';
import { newId } from '../../../src/kernel/ids.ts';
import { type Answer, type Body, startTestApp, type TestApp } from '../../support/app.ts';
import { pathOf, sampleOf } from '../../support/route-samples.ts';
import { comparable, makeWorld, rowsLeftBy, type TenantWorld } from '../../support/tenant-world.ts';

let app: TestApp;
let world: TenantWorld;
let foreign: TenantWorld;

beforeAll(async () => {
  app = await startTestApp();
  world = await makeWorld(app);
  foreign = await makeWorld(app);
});
afterAll(() => app.close());

const tenantRoutes = adminRoutes.filter((route) => route.kind !== 'operator');
const operatorRoutes = adminRoutes.filter((route) => route.kind === 'operator');
const mutations = adminRoutes.filter((route) => route.kind === 'mutation');

/** For test titles. */
function named<Some extends Route>(routes: readonly Some[]): (readonly [string, Some])[] {
  return routes.map((route) => [`${route.method} ${route.path}`, route] as const);
}

function expectProblem(answer: Answer, status: number, code: string): void {
  expect(answer.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
  expect(answer.body).toMatchObject({ status, code, title: expect.any(String), remedy: expect.any(String) });
  expect(answer.status).toBe(status);
  expect(answer.body.request_id).toBe(answer.headers.get('x-request-id'));
}

describe.each(named(adminRoutes))('%s', (_name, route) => {
  test('needs a key', async () => {
    const path = route.path.replace('{tenant}', world.slug).replace(/\{\w+\}/g, newId());
    for (const key of [null, 'dbk_unknown', 'operator-token-for-testx']) {
      const answer = await app.call(route.method.toUpperCase(), path, { key, body: bodyFor(route, {}) });
      expectProblem(answer, 401, 'unauthorized');
      expect(answer.headers.get('www-authenticate')).toBe('Bearer');
    }
  });
});

describe.each(named(tenantRoutes))('%s', (_name, route) => {
  const method = route.method.toUpperCase();

  test('does what it says, with exactly one audit row when it changes something', async () => {
    const { params, body } = await sampleOf(route, world);
    let answer: Answer | undefined;
    const rows = await rowsLeftBy(world, async () => {
      answer = await world.call(method, pathOf(route, params), { body: bodyFor(route, body) });
    });
    const isCreation = route.path.endsWith('/by-external-id/{external_id}');
    expect(answer?.status, JSON.stringify(answer?.body)).toBe(isCreation ? 201 : (route.status ?? 200));
    if (answer?.status !== 204) strict(route.response).parse(answer?.body);
    if (route.kind === 'read' || route.kind === 'outside') {
      expect(rows).toEqual([]);
      return;
    }
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({
      action: route.path.endsWith('{action}') ? 'create_ticket' : route.action,
      surface: route.path.endsWith('{action}') ? 'api' : 'admin',
      actor_kind: 'operator',
      result: 'success',
      error_code: null,
      payload_hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      hash_algorithm: 'hmac-sha256',
      target_id: expect.any(String),
    });
  });

  test("answers another tenant's key as if the tenant did not exist", async () => {
    const { params, body } = await sampleOf(route, world);
    const options = { key: foreign.keys.admin, body: bodyFor(route, body) };
    const paths = [world.tenantId, world.slug, newId(), 'no-such-tenant', 'x%00y'].map(
      (tenant) => `/v1/tenants/${tenant}${pathOf(route, params)}`,
    );
    const rows = await rowsLeftBy(world, async () => {
      const answers = await Promise.all(paths.map((path) => app.call(method, path, options)));
      for (const answer of answers) expectProblem(answer, 404, 'not_found');
      const [first, ...others] = answers.map(comparable);
      for (const other of others) expect(other).toEqual(first);
    });
    expect(rows).toEqual([]);
  });

  test('answers a missing id, a foreign id and no id at all alike', async () => {
    const own = await sampleOf(route, world);
    const other = await sampleOf(route, foreign);
    const ids = Object.keys(own.params ?? {}).filter((name) => name !== 'external_id' && name !== 'action');
    const missing = await app.call('GET', `/v1/tenants/${newId()}`);
    for (const name of ids) {
      for (const value of [newId(), other.params?.[name] ?? '', 'no-id', '1 or 1=1', '٣']) {
        const path = pathOf(route, { ...own.params, [name]: value });
        const answer = await world.call(method, path, { body: bodyFor(route, own.body) });
        expect(comparable(answer)).toEqual(comparable(missing));
      }
    }
  });

  test('refuses a field that it does not know', async () => {
    if (route.body === undefined) return;
    const { params, body } = await sampleOf(route, world);
    const options = { body: { ...body, surprise: 1 } };
    const rows = await rowsLeftBy(world, async () => {
      const answer = await world.call(method, pathOf(route, params), options);
      expectProblem(answer, 400, 'validation_error');
      expect(answer.body.errors).toContainEqual({ path: 'surprise', message: 'Unknown field' });
    });
    expect(rows.map((row) => [row.result, row.error_code])).toEqual([['failure', 'validation_error']]);
  });

  test('refuses U+0000 in a text and in a path', async () => {
    const { params, body } = await sampleOf(route, world);
    const texts = Object.entries(body ?? {}).filter(([, value]) => typeof value === 'string');
    for (const [name] of texts) {
      const answer = await world.call(method, pathOf(route, params), { body: { ...body, [name]: 'a\0b' } });
      expectProblem(answer, 400, 'validation_error');
    }
    for (const name of Object.keys(params ?? {})) {
      const path = pathOf(route, { ...params, [name]: 'a\0b' });
      const answer = await world.call(method, path, { body: bodyFor(route, body) });
      expect([400, 404]).toContain(answer.status);
    }
  });
});

describe.each(named(mutations))('%s', (_name, route) => {
  test('refuses a viewer, and leaves one row that says so', async () => {
    const { params, body } = await sampleOf(route, world);
    const options = { key: world.keys.viewer, body: bodyFor(route, body) };
    const rows = await rowsLeftBy(world, async () => {
      expectProblem(
        await world.call(route.method.toUpperCase(), pathOf(route, params), options),
        403,
        'forbidden',
      );
    });
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({ actor_kind: 'key', result: 'denied', error_code: 'forbidden' });
  });
});

describe.each(named(operatorRoutes))('%s', (_name, route) => {
  test('is for operators alone', async () => {
    for (const key of Object.values(world.keys)) {
      const body = route.method === 'get' ? undefined : { slug: `s-${randomUUID()}`, name: 'X' };
      const answer = await app.call(route.method.toUpperCase(), route.path, { key, body });
      expectProblem(answer, 403, 'forbidden');
    }
  });
});

test('after all that both chains verify', async () => {
  for (const { call } of [world, foreign]) {
    const { body } = await call('GET', '/audit-events/verification');
    expect(body).toMatchObject({ valid: true, fault: null });
    expect(body.checked).toBeGreaterThan(10);
  }
});

/** A body only where the route takes one. */
function bodyFor(route: Route, body: unknown): unknown {
  return route.body === undefined ? undefined : (body ?? {});
}

/** The answer's schema without tolerance for fields that it does not name, where it is a plain object. */
function strict(schema: z.ZodType): z.ZodType<Body> {
  if (!(schema instanceof z.ZodObject)) return schema as z.ZodType<Body>;
  if (schema.def.catchall !== undefined) return schema as unknown as z.ZodType<Body>;
  const { items } = schema.shape as { items?: unknown };
  if (!(items instanceof z.ZodArray)) return schema.strict() as unknown as z.ZodType<Body>;
  const element = strict(items.element as z.ZodType);
  return schema.extend({ items: z.array(element) }).strict() as unknown as z.ZodType<Body>;
}
