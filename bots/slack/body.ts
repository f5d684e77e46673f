/** The body of a Slack request, parsed: JSON for events, a form for interactions and slash commands. */
import type { JsonObject } from '../../src/kernel/canonical-json.ts';
import type { RawRequest } from '../../src/kernel/platform.ts';
import { parseObject } from '../shared/json.ts';
import { appIdSchema } from './credentials.ts';
import type { SlackPayload } from './envelope.ts';

/** Slack's own bodies stay far below; parsing what is not verified yet has to be bounded. */
const maxBodyBytes = 262_144;

export interface Body {
  kind: SlackPayload['kind'];
  content: JsonObject;
  /** The app that the body names; null when it names none. */
  appId: string | null;
}

type Reading = { ok: true; value: Body } | { ok: false; reason: string };

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The body by its content type. `reason`: a metric label. Never throws. */
export function readBody(request: RawRequest): Reading {
  const form = contentTypeOf(request);
  if (form === null) return { ok: false, reason: 'wrong_content_type' };
  if (request.body.length > maxBodyBytes) return { ok: false, reason: 'too_large' };
  const text = decode(request.body);
  if (text === null) return { ok: false, reason: 'malformed_text' };
  if (form === 'json') {
    const content = parseObject(text);
    return content === null ? { ok: false, reason: 'malformed_json' } : readingOf('event', content);
  }
  return readForm(new URLSearchParams(text));
}

/** Whether the request is Slack's check of the endpoint's certificate, which it says in a form. */
export function hasSslCheck(request: RawRequest): boolean {
  if (contentTypeOf(request) !== 'form') return false;
  return /(?:^|&)ssl_check=1(?:&|$)/.test(request.body.toString('latin1'));
}

function readForm(form: URLSearchParams): Reading {
  const payload = form.get('payload');
  if (payload !== null) {
    const content = parseObject(payload);
    return content === null ? { ok: false, reason: 'malformed_json' } : readingOf('interaction', content);
  }
  const fields: Record<string, string> = Object.fromEntries(form);
  // https://docs.slack.dev/interactivity/implementing-slash-commands
  if (fields.command?.startsWith('/') !== true) return { ok: false, reason: 'malformed_form' };
  return readingOf('command', fields);
}

function readingOf(kind: Body['kind'], content: JsonObject): Reading {
  // What is no id is not asked the database for: nothing is verified yet.
  const id = appIdSchema.safeParse(content.api_app_id);
  return { ok: true, value: { kind, content, appId: id.success ? id.data : null } };
}

function contentTypeOf(request: RawRequest): 'json' | 'form' | null {
  switch (request.headers['content-type']?.split(';')[0]?.trim().toLowerCase()) {
    case 'application/json':
      return 'json';
    case 'application/x-www-form-urlencoded':
      return 'form';
    default:
      return null;
  }
}

function decode(body: Buffer): string | null {
  try {
    return utf8.decode(body);
  } catch {
    return null;
  }
}
