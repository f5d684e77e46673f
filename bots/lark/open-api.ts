/** A call of the Open API as this adapter makes it, and what stands in an answer. */
import { z } from 'zod';
import type { JsonObject } from '../../src/kernel/canonical-json.ts';
import type { HttpResult } from '../shared/http-call.ts';
import { isObject, parseJson } from '../shared/json.ts';

export interface ApiCall {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Origin and path; ids in it are encoded. */
  url: string;
  query?: Record<string, string>;
  body?: JsonObject;
  /** tenant_access_token; none for the calls that get tokens. */
  token?: string;
  /** Instead of the usual limit. */
  timeoutMs?: number;
}

/** Makes one call: no repeats, and honest about what left us. Never rejects. */
export type OpenApi = (call: ApiCall) => Promise<HttpResult>;

const answerSchema = z.object({ code: z.number(), msg: z.string().max(5000).catch('') });

export interface ApiAnswer {
  /** 0 is success; HTTP statuses say less, since failures come with 200, 400 and others. */
  code: number;
  /** For developers; may quote what was sent. */
  msg: string;
  /** The whole body. */
  body: JsonObject;
}

/** The answer's body; null when it is none of the Open API, such as an error page of something in between. */
export function readAnswer(result: HttpResult): ApiAnswer | null {
  if (result.kind === 'failed') return null;
  const body = parseJson(result.body);
  const answer = answerSchema.safeParse(body);
  return answer.success && isObject(body) ? { ...answer.data, body } : null;
}
