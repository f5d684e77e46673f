/** The description of the API against the routes that are served. */
import { describe, expect, test } from 'vitest';
import { adminRoutes } from '../../../src/http/app.ts';
import { openApiDocument } from '../../../src/http/openapi.ts';
import type { JsonObject, JsonValue } from '../../../src/kernel/canonical-json.ts';

const document = openApiDocument(adminRoutes, { version: '1.2.3', serverUrl: 'https://desk.test' });

interface Operation {
  operationId: string;
  parameters: { name: string; in: string; required: boolean; schema: JsonObject }[];
  requestBody?: { required: boolean; content: Record<string, { schema: JsonObject }> };
  responses: Record<string, JsonObject>;
}
const paths = document.paths as unknown as Record<string, Record<string, Operation>>;

/** Every value under the name, anywhere. */
function valuesOf(node: JsonValue | undefined, name: string): JsonValue[] {
  if (typeof node !== 'object' || node === null) return [];
  return Object.entries(node).flatMap(([key, value]) => [
    ...(key === name && value !== undefined ? [value] : []),
    ...valuesOf(value, name),
  ]);
}

describe('the description of the API', () => {
  test('has the shape of OpenAPI 3.1 and survives JSON', () => {
    expect(document).toMatchObject({
      openapi: '3.1.0',
      info: { title: expect.any(String), version: '1.2.3' },
      servers: [{ url: 'https://desk.test' }],
      security: [{ key: [] }],
      components: { securitySchemes: { key: { type: 'http', scheme: 'bearer' } } },
    });
    expect(JSON.parse(JSON.stringify(document))).toEqual(document);
  });

  test('lists every route once, and nothing else', () => {
    const described = Object.entries(paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method} ${path}`),
    );
    expect(described.sort()).toEqual(adminRoutes.map(({ method, path }) => `${method} ${path}`).sort());
    expect(new Set(described).size).toBe(adminRoutes.length);
    const ids = Object.values(paths).flatMap((operations) =>
      Object.values(operations).map((o) => o.operationId),
    );
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('refers only to what it holds', () => {
    expect(new Set(valuesOf(document, '$ref'))).toEqual(new Set(['#/components/responses/Problem']));
  });

  test.each(adminRoutes.map((route) => [`${route.method} ${route.path}`, route] as const))(
    'of %s is complete',
    (_name, route) => {
      const operation = paths[route.path]?.[route.method];
      if (operation === undefined) throw new Error('not described');
      const inPath = operation.parameters
        .filter((parameter) => parameter.in === 'path')
        .map(({ name }) => name);
      expect(inPath).toEqual([...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name));
      for (const parameter of operation.parameters) expect(parameter.schema).toHaveProperty('type');
      expect(Object.keys(operation.responses)).toEqual([String(route.status ?? 200), 'default']);
      expect(operation.requestBody === undefined).toBe(route.body === undefined);
      if (operation.requestBody === undefined) return;
      const { required, content } = operation.requestBody;
      const schema = content['application/json']?.schema ?? {};
      expect(schema.type).toBe('object');
      expect(required).toBe(Array.isArray(schema.required) && schema.required.length > 0);
    },
  );

  test('says of a list that limit is a whole number with a default', () => {
    const limit = paths['/v1/tenants']?.get?.parameters.find(({ name }) => name === 'limit');
    expect(limit).toMatchObject({ in: 'query', required: false, schema: { type: 'integer' } });
  });
});
