/** OpenAPI 3.1, generated from the very routes that are served. */
import { z } from 'zod';
import type { JsonObject } from '../kernel/canonical-json.ts';
import { errorTable } from '../kernel/errors.ts';
import type { Route } from './route.ts';

export function openApiDocument(
  routes: readonly Route[],
  options: { version: string; serverUrl: string },
): JsonObject {
  const paths: Record<string, Record<string, JsonObject>> = {};
  for (const route of routes) {
    paths[route.path] ??= {};
    Object.assign(paths[route.path] ?? {}, { [route.method]: operationOf(route) });
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Deskbridge admin API',
      version: options.version,
      description:
        'Tenants, people, registrations, the desk, actions and their audit. Errors are RFC 9457 problems.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: options.serverUrl }],
    security: [{ key: [] }],
    paths,
    components: {
      securitySchemes: {
        key: { type: 'http', scheme: 'bearer', description: 'Operator token or a tenant key (dbk_…)' },
      },
      responses: { Problem: problemResponse() },
    },
  };
}

function operationOf(route: Route): JsonObject {
  const status = String(route.status ?? 200);
  return {
    operationId: `${route.method}${route.path.replace(/[^a-z0-9]+/gi, '_')}`,
    tags: [route.tag],
    summary: route.summary,
    description: `Needs ${route.capability === 'operator' ? 'the operator token' : `the capability \`${route.capability}\``}.`,
    parameters: [...pathParameters(route.path), ...queryParameters(route), ...headerParameters(route)],
    ...(route.body === undefined ? {} : { requestBody: requestBody(route.body) }),
    responses: {
      [status]:
        status === '204'
          ? { description: 'Done' }
          : {
              description: 'Success',
              content: contentOf(route),
            },
      default: { $ref: '#/components/responses/Problem' },
    },
  };
}

/** What an answer holds; a file has a content type and no schema (OpenAPI 3.1 on binary data). */
function contentOf(route: Route): JsonObject {
  const files = route.kind === 'read' ? route.produces : undefined;
  if (files !== undefined) return Object.fromEntries(files.map((type) => [type, {}]));
  return { 'application/json': { schema: schemaOf(route.response, 'output') } };
}

function requestBody(body: z.ZodType): JsonObject {
  // Without a field that must be there, the body may be left out.
  const required = !body.safeParse({}).success;
  return { required, content: { 'application/json': { schema: schemaOf(body, 'input') } } };
}

function pathParameters(path: string): JsonObject[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name: name ?? '',
    in: 'path',
    required: true,
    schema: { type: 'string' },
    ...(name === 'tenant' ? { description: 'Id or slug of the tenant' } : {}),
  }));
}

function queryParameters(route: Route): JsonObject[] {
  if (route.query === undefined) return [];
  const schema = schemaOf(route.query, 'input');
  const required = new Set(Array.isArray(schema.required) ? schema.required : []);
  return Object.entries((schema.properties ?? {}) as Record<string, JsonObject>).map(([name, property]) => ({
    name,
    in: 'query',
    required: required.has(name),
    schema: property,
  }));
}

function headerParameters(route: Route): JsonObject[] {
  if (route.kind !== 'mutation' || route.method !== 'post') return [];
  return [
    {
      name: 'Idempotency-Key',
      in: 'header',
      required: false,
      schema: { type: 'string', maxLength: 255 },
      description:
        'The same key with the same request gives the first answer again; with another request, 409.',
    },
  ];
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): JsonObject {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as JsonObject;
  return rest;
}

function problemResponse(): JsonObject {
  return {
    description: 'A problem (RFC 9457)',
    content: {
      'application/problem+json': {
        schema: {
          type: 'object',
          required: ['type', 'title', 'status', 'code', 'remedy', 'request_id'],
          properties: {
            type: { type: 'string', format: 'uri' },
            title: { type: 'string' },
            status: { type: 'integer' },
            code: { type: 'string', enum: Object.keys(errorTable) },
            detail: { type: 'string' },
            remedy: { type: 'string' },
            errors: {
              type: 'array',
              items: {
                type: 'object',
                properties: { path: { type: 'string' }, message: { type: 'string' } },
              },
            },
            request_id: { type: 'string' },
            instance: { type: 'string' },
          },
        },
      },
    },
  };
}
