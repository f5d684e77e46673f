/** Malformed bodies by seed: good ones that lost what they mean nothing without, and others that never were any. */
import fc from 'fast-check';
import type { JsonObject, JsonValue } from '../../../src/kernel/canonical-json.ts';
import {
  encode,
  type GoodBody,
  outOfRange,
  type Proof,
  proofs,
  type Sealed,
  type Wire,
} from './good-bodies.ts';
import { type Path, pathsOf, set, touches } from './paths.ts';

/** What is wrong with a body. */
export type Fault = 'vital' | 'optional' | 'broken' | 'stranger' | 'frame';

export interface MalformedBody extends Sealed {
  url: string;
  fault: Fault;
  proof: Proof;
  /** For the report of a failure: the fixture and what was done to it. */
  story: string;
}

export interface Recipe {
  count: number;
  seed: number;
  /** Every body carries it in its strings, ids aside. */
  marker: string;
  /** Which faults the bodies have, each as often as it is named. */
  faults: readonly Fault[];
}

const longText = 8_000;
const deep = 3_000;
const deepObjects = '{"a":'.repeat(deep);
const deepArrays = '['.repeat(deep * 4);
const poolSize = 400;

/** Values that are of the wrong type, empty or far too long wherever a platform sends an id, a kind or an object. */
const wrongValues: readonly (() => JsonValue | undefined)[] = [
  () => undefined,
  () => null,
  () => '',
  () => true,
  () => -1.5e300,
  () => [],
  () => [[{ id: 'x' }]],
  () => ({}),
  () => JSON.parse('{"__proto__":{"id":"x","polluted":true},"constructor":{"prototype":1}}'),
  () => 'x'.repeat(2_000),
  () => 'ä\u{1f9ef}\ud800'.repeat(longText / 2),
  () => nested(200),
];

/** Identifiers of the right type and length that no platform gives and no database keeps. */
const wrongTexts: readonly string[] = ['\u0000', 'x\u0000y', '\ud800', 'x\udfffy', '\ud83d\u0000'];

const wrongInJson = [...wrongValues, ...wrongTexts.map((text) => () => text)];
/** A form holds texts only, and its encoding has no lone surrogates. */
const wrongInForms = [
  () => undefined,
  ...['', '\u0000', 'x\u0000y', 'x'.repeat(2_000), '\u{1f9ef}'.repeat(longText)].map((text) => () => text),
];

/** What may stand anywhere beside, in place of what is optional. */
function noise(marker: string): fc.Arbitrary<JsonValue> {
  const texts = fc.oneof(
    fc.constantFrom(...wrongTexts, '\u202e\u2066', '{{1+1}}', "'; drop table tickets; --", '\u{1f469}\u200d'),
    // Any code units, half of a pair too.
    fc.array(fc.nat(0xffff), { maxLength: 40 }).map((units) => String.fromCharCode(...units)),
    fc.constantFrom('*', '<@U1>', '&amp;', '%00').map((text) => text.repeat(longText)),
  );
  return fc.oneof(
    texts.map((text) => `${marker}${text}`),
    fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<JsonValue>,
    fc.constantFrom(50, 400).map(nested),
    fc.constantFrom<JsonValue>(outOfRange, { [outOfRange]: [outOfRange] }),
  );
}

/** What is done to one body; numbers choose from lists, whatever their length. */
interface Plan {
  fault: Fault;
  proof: Proof;
  body: number;
  vital: number;
  wrong: number;
  noise: { place: number; value: number }[];
  broken: number;
  /** Content type in place of the right one; null leaves it. */
  contentType: string | null;
}

const contentTypes = [
  'text/plain',
  'multipart/form-data; boundary=x',
  'application/x-www-form-urlencoded',
  '',
];

/** Two thirds prove that they come from the platform. */
const mostlyAuthentic: readonly Proof[] = [
  ...proofs,
  ...proofs.slice(1).flatMap(() => proofs.slice(0, 1)),
  ...proofs.slice(1).flatMap(() => proofs.slice(0, 1)),
];

/** The bodies of a seed, one after the other: the same for the same seed but for ids, times and encryption. */
export function* malformedBodies(wire: Wire, recipe: Recipe): Generator<MalformedBody> {
  const { marker, seed, count } = recipe;
  const number = fc.nat(9_999);
  const plans = fc.record<Plan>({
    fault: fc.constantFrom(...recipe.faults),
    proof: fc.constantFrom(...mostlyAuthentic),
    body: number,
    vital: number,
    wrong: number,
    noise: fc.array(fc.record({ place: number, value: number }), { maxLength: 3 }),
    broken: number,
    contentType: fc.option(fc.constantFrom(...contentTypes), { freq: 5 }),
  });
  const pool = fc.sample(noise(marker), { numRuns: poolSize, seed }).map((value) => JSON.stringify(value));
  for (const [index, plan] of fc.sample(plans, { numRuns: count, seed }).entries()) {
    const made = malformedBody(wire, plan, pool, [idOf(seed, index), `${marker}:${index}`]);
    // The type alone damages nothing on platforms that read JSON whatever it says.
    if (plan.contentType === null || plan.fault === 'optional') yield made;
    else yield { ...made, headers: { ...made.headers, 'content-type': plan.contentType } };
  }
}

/** The id that a body of a seed goes by, where it still has one. */
function idOf(seed: number, index: number): string {
  return `id-${seed}-${index}`;
}

function malformedBody(
  wire: Wire,
  plan: Plan,
  /** JSON. */
  pool: readonly string[],
  [id, marker]: [id: string, marker: string],
): MalformedBody {
  const good = pick(wire.bodies, plan.body);
  const body = wire.renew(good, id, marker);
  for (const { place, value } of plan.noise)
    damageSomewhere(good, body, place, JSON.parse(pick(pool, value)));
  body.added = marker;
  const [story, content] = damaged(good, body, plan, pick(pool, plan.wrong), marker);
  const sealed = wire.seal(content, good.frame, plan.proof);
  const made = { fault: plan.fault, proof: plan.proof, url: pick(wire.urls, plan.broken) };
  if (plan.fault !== 'frame') return { ...made, story: `${good.name}: ${story}`, ...sealed };
  const [name, change] = pick(frameFaults, plan.vital);
  return { ...made, story: `${good.name}: ${name}`, ...change(sealed, marker) };
}

/** What is wrong inside the frame, told and done. */
function damaged(
  good: GoodBody,
  body: JsonObject,
  plan: Plan,
  anything: string,
  marker: string,
): [string, Buffer] {
  switch (plan.fault) {
    case 'vital':
      return loseVital(good, body, plan);
    case 'broken':
      // Nearly any bytes are a form.
      return good.frame === 'form'
        ? loseVital(good, body, plan)
        : breakBytes(good, encode(good, body), plan, marker);
    case 'stranger':
      return strangerBytes(plan, anything, marker);
    case 'optional':
    case 'frame':
      return ['', encode(good, body)];
  }
}

/** A vital member is gone or not what it has to be; where it stands outermost, by a second member of its name as well. */
function loseVital(good: GoodBody, body: JsonObject, plan: Plan): [string, Buffer] {
  const paths = pick(good.vital, plan.vital);
  const wrong = pick(good.frame === 'form' ? wrongInForms : wrongInJson, plan.wrong)();
  const twice = plan.broken % 3 === 0 && wrong !== undefined && paths.every(({ length }) => length === 1);
  const story = `${paths.map((path) => path.join('.')).join(', ')} = ${tell(wrong)}`;
  if (!twice) {
    for (const path of paths) set(body, path, wrong);
    return [story, encode(good, body)];
  }
  const second = encode(good, Object.fromEntries(paths.map(([name = '']) => [name, wrong])));
  const first = encode(good, body);
  const bytes =
    good.frame === 'form'
      ? Buffer.concat([first, Buffer.from('&'), second])
      : Buffer.concat([first.subarray(0, -1), Buffer.from(','), second.subarray(1)]);
  return [`${story}, twice`, bytes];
}

/** Bytes that are no JSON object in UTF-8. */
function breakBytes({ frame }: GoodBody, whole: Buffer, plan: Plan, marker: string): [string, Buffer] {
  const inText = whole.indexOf(marker);
  const half = 1 + (plan.broken % Math.max(1, whole.length - 2));
  const faults: [string, () => Buffer][] = [
    ['truncated', () => whole.subarray(0, half)],
    ['invalid UTF-8', () => Buffer.concat([whole.subarray(0, half), Buffer.from([0xc3, 0x28, 0xff])])],
    ['a raw NUL in a text', () => insert(whole, inText, Buffer.alloc(1))],
    ['a raw NUL', () => Buffer.concat([whole.subarray(0, half), Buffer.alloc(3)])],
    ['two bodies', () => Buffer.concat([whole, whole])],
    ['in an array', () => Buffer.concat([Buffer.from('['), whole, Buffer.from(']')])],
    ['UTF-16', () => Buffer.from(whole.toString('utf8'), 'utf16le')],
    ['as a text', () => Buffer.from(JSON.stringify(whole.toString('utf8')))],
    ['invalid UTF-8 in a text', () => insert(whole, inText, Buffer.from([0xe2, 0x28]))],
    ['half a pair in UTF-8', () => insert(whole, inText, Buffer.from([0xed, 0xa0, 0x80]))],
  ];
  // In a form the last two are mended: its standard says so.
  const [name, make] = pick(frame === 'json' ? faults : faults.slice(0, -2), plan.vital);
  return [name, make()];
}

function insert(whole: Buffer, at: number, bytes: Buffer): Buffer {
  return Buffer.concat([whole.subarray(0, at), bytes, whole.subarray(at)]);
}

/** Bodies of somebody who knows nothing of the platform. */
function strangerBytes(plan: Plan, anything: string, marker: string): [string, Buffer] {
  const texts: [string, () => string][] = [
    ['any JSON', () => `{"${marker}":${anything}}`],
    ['a bare value', () => JSON.stringify(`${marker}${anything}`)],
    ['deep objects', () => `${deepObjects}"${marker}"${'}'.repeat(deep)}`],
    ['deep arrays', () => `{"${marker}":${deepArrays}`],
    ['a form', () => `${marker}=1&payload=${marker}&payload=%E0%A4%A&command=%00`],
    ['nothing but blanks', () => `${' '.repeat(plan.broken)}${marker}`],
    ['huge', () => JSON.stringify({ text: marker.repeat(Math.ceil((plan.broken * 24) / marker.length)) })],
    ['a handshake', () => JSON.stringify({ type: 'url_verification', token: marker, challenge: [marker] })],
    ['ours alone', () => `{"__proto__":{"type":"message"},"type":"${marker}","type":"message"}`],
  ];
  const [name, make] = pick(texts, plan.vital);
  return [name, Buffer.from(make())];
}

/** What is wrong around a good body: how it is said to be encoded, or that it was changed after it was sealed. */
const frameFaults: readonly [string, (sealed: Sealed, marker: string) => Sealed][] = [
  ['no content', ({ headers }) => ({ headers, body: Buffer.alloc(0) })],
  [
    'over the limit',
    ({ headers, body }) => ({ headers, body: Buffer.concat([body, Buffer.alloc(262_145)]) }),
  ],
  ['said to be gzip', withHeaders({ 'content-encoding': 'gzip' })],
  ['said to be unknown', withHeaders({ 'content-encoding': 'zstd-of-tomorrow' })],
  ['cut', ({ headers, body }) => ({ headers, body: body.subarray(0, Math.floor(body.length / 2)) })],
  ['marked', ({ headers, body }, marker) => ({ headers, body: Buffer.concat([body, Buffer.from(marker)]) })],
];

function withHeaders(added: Record<string, string>): (sealed: Sealed) => Sealed {
  return ({ headers, body }) => ({ headers: { ...headers, ...added }, body });
}

/** Changes any member but the vital ones, or adds one. */
function damageSomewhere(good: GoodBody, body: JsonObject, place: number, value: JsonValue): void {
  const paths = optionalPaths(good);
  if (place % 5 === 0 || paths.length === 0) body[`more${place}`] = value;
  else set(body, pick(paths, place), value);
}

const optionalPathsOf = new WeakMap<GoodBody, Path[]>();

/** Paths to what is not vital and has nothing vital within. */
function optionalPaths(good: GoodBody): Path[] {
  const known = optionalPathsOf.get(good);
  if (known !== undefined) return known;
  const vital = good.vital.flat();
  const paths = pathsOf(JSON.parse(good.json), []).filter(
    (path) => !vital.some((other) => touches(path, other)),
  );
  optionalPathsOf.set(good, paths);
  return paths;
}

function nested(depth: number): JsonValue {
  let value: JsonValue = 'x';
  for (let level = 0; level < depth; level += 1) value = level % 2 === 0 ? [value] : { a: value };
  return value;
}

function tell(value: JsonValue | undefined): string {
  if (value === undefined) return 'missing';
  return JSON.stringify(typeof value === 'string' ? value.slice(0, 50) : value).slice(0, 60);
}

function pick<T>(list: readonly T[], index: number): T {
  const item = list[index % list.length];
  if (item === undefined) throw new Error('nothing to choose from');
  return item;
}
