/** JSON values as YAML in block style, for manifests that people read. */
import type { JsonValue } from '../../src/kernel/canonical-json.ts';

/** Words that YAML 1.1 or 1.2 reads as something else than text, when they stand without quotes. */
const reserved = /^(true|false|yes|no|on|off|y|n|null|~)$/i;
const plain = /^[A-Za-z][\w./-]*( [\w./-]+)*$/;

/** One document. Texts keep exactly what they are; fields without a value are left out, as in JSON. */
export function toYaml(value: JsonValue): string {
  return `${block(value, '').replace(/^\n/, '')}\n`;
}

/** A value as it stands after its key: on the same line, or on lines of its own. */
function block(value: JsonValue, indent: string): string {
  if (Array.isArray(value)) {
    if (value.length === 0) return '[]';
    const items = value.map((item) => `\n${indent}- ${nested(item, `${indent}  `)}`);
    return items.join('');
  }
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value).flatMap(([key, field]) =>
      field === undefined ? [] : [`\n${indent}${scalar(key)}:${spaced(block(field, `${indent}  `))}`],
    );
    return fields.length === 0 ? '{}' : fields.join('');
  }
  return scalar(value);
}

/** The first line of an item stands beside its dash. */
function nested(value: JsonValue, indent: string): string {
  return block(value, indent).replace(/^\n\s*/, '');
}

function spaced(text: string): string {
  return text.startsWith('\n') ? text : ` ${text}`;
}

function scalar(value: string | number | boolean | null): string {
  if (typeof value !== 'string') return JSON.stringify(value);
  if (plain.test(value) && !reserved.test(value)) return value;
  // A JSON string is a double-quoted YAML scalar, but for line ends that JSON leaves as they are.
  return JSON.stringify(value).replace(
    /[\u007f-\u009f\u2028\u2029\ufeff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
