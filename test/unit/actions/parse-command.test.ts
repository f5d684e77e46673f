import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  expandPattern,
  isFreeText,
  type SlotName,
  slotTypes,
  type Variant,
} from '../../../src/actions/command-pattern.ts';
import { lowerCase, readCommandText } from '../../../src/actions/command-text.ts';
import {
  createCommandParser,
  maxCommandLength,
  type ParsedCommand,
} from '../../../src/actions/parse-command.ts';
import { languages } from '../../../src/words/index.ts';
import { testActions } from './command-fixtures.ts';

const parser = createCommandParser(testActions, languages);
const parse = (text: string): ParsedCommand => parser.parse(text, 'en');

/** `command: slot=value; slot=value`, or the kind of another result with what it holds. */
function brief(parsed: ParsedCommand): string {
  switch (parsed.kind) {
    case 'command':
      return [
        parsed.command,
        ...Object.entries(parsed.input).map(([name, value]) => `${name}=${value}`),
      ].join('; ');
    case 'missing':
      return `${parsed.command} lacks ${parsed.slot}`;
    case 'suggestion':
      return `suggests ${parsed.text}`;
    default:
      return parsed.kind;
  }
}

describe('English commands', () => {
  it.each([
    ['help', 'help'],
    ['?', 'help'],
    ['Hi!', 'help'],
    ['  HELP  ', 'help'],
    ['my tickets', 'my_tickets'],
    ['tickets', 'my_tickets'],
    ['My\u00a0 Approvals.', 'my_approvals'],
    ['ticket 1002', 'open_record; ticket=1002'],
    ['ticket #7', 'open_record; ticket=#7'],
    ['open 3', 'open_record; ticket=3'],
    ['open 0198F3B2-7C1D-7A00-8000-0123456789AB', 'open_record; ticket=0198F3B2-7C1D-7A00-8000-0123456789AB'],
    ['approval 2', 'open_record; approval=2'],
    ['ticket printer jam', 'find_tickets; query=printer jam'],
    ['tickets 1002', 'find_tickets; query=1002'],
    ['search for paper', 'find_tickets; query=paper'],
    ['ticket 99999999999', 'find_tickets; query=99999999999'],
    ['new ticket  Printer\t jam ', 'create_ticket; title=Printer jam'],
    ['create a ticket: Printer', 'create_ticket; title=Printer'],
    ['new ticket Key for room 3 for Contoso', 'create_ticket; client=Contoso; title=Key for room 3'],
    [
      'new ticket Jam for Contoso\nFloor 3\n\nSmoke',
      'create_ticket; client=Contoso; title=Jam; description=Floor 3\n\nSmoke',
    ],
    ['new ticket\nJam', 'create_ticket; title=Jam'],
    ['assign 12', 'assign_ticket; ticket=12'],
    ['assign 12 to me', 'assign_ticket; ticket=12; assignee=me'],
    ['assign ticket #1002 to ann@acme.test', 'assign_ticket; ticket=#1002; assignee=ann@acme.test'],
    ['assign 12 Bob  Smith', 'assign_ticket; ticket=12; assignee=Bob Smith'],
    ['note 12: first\n\n second', 'add_note; ticket=12; note=first\n\n second'],
    ['note 12 :smile: done', 'add_note; ticket=12; note=smile: done'],
    ['note 12, called, twice,', 'add_note; ticket=12; note=called, twice,'],
    ['new ticket Jam, tray 2, for Contoso', 'create_ticket; client=Contoso; title=Jam, tray 2'],
    ['add note to ticket 12: Called', 'add_note; ticket=12; note=Called'],
    ['reply 1002: On our way', 'reply_to_contact; ticket=1002; reply=On our way'],
    ['status 12 waiting for parts', 'set_status; ticket=12; status=waiting for parts'],
    ['set status of 12 to Closed', 'set_status; ticket=12; status=Closed'],
    ['log 30m on 12', 'log_time; duration=30m; ticket=12'],
    ['log 1h 30m on #12: Drum', 'log_time; duration=1h 30m; ticket=#12; note=Drum'],
    ['log 1h 12', 'log_time; duration=1h; ticket=12'],
    ['log time ticket 12 90 min', 'log_time; ticket=12; duration=90 min'],
    ['approve 3', 'approve; approval=3; response=approve'],
    ['approve 3: Fine', 'approve; approval=3; comment=Fine; response=approve'],
    ['reject 3: Too dear', 'request_changes; approval=3; comment=Too dear; response=request_changes'],
    [
      'request changes 3: Too dear',
      'request_changes; approval=3; comment=Too dear; response=request_changes',
    ],
    ['who am I', 'whoami'],
    ['link', 'link_account'],
    ['link my account', 'link_account'],
    ['Link k7qm-4tzd.', 'link_account; code=k7qm-4tzd'],
    ['language English', 'language; code=English'],
  ])('reads %j', (text, expected) => {
    expect(brief(parse(text))).toBe(expected);
  });

  it.each([
    ['ticket', 'open_record lacks ticket'],
    ['open the door', 'open_record lacks ticket'],
    ['new ticket', 'create_ticket lacks title'],
    ['assign', 'assign_ticket lacks ticket'],
    ['assign 007 to me', 'assign_ticket lacks ticket'],
    ['assign 12 to', 'assign_ticket lacks assignee'],
    ['note 12:', 'add_note lacks note'],
    ['status 12 to', 'set_status lacks status'],
    ['log 30 on 12', 'log_time lacks duration'],
    ['log 25h on 12', 'log_time lacks duration'],
    ['log 30m on', 'log_time lacks ticket'],
    ['reject 3', 'request_changes lacks comment'],
    ['find tickets', 'find_tickets lacks query'],
    ['language?', 'language lacks code'],
  ])('asks back at %j', (text, expected) => {
    expect(brief(parse(text))).toBe(expected);
  });

  it('asks back with an example that shows what is missing', () => {
    expect(parse('link code')).toMatchObject({ kind: 'missing', slot: 'code', example: 'link K7QM4TZD' });
    expect(parse('assign 12 to')).toMatchObject({ example: 'assign 1002 to me', input: { ticket: '12' } });
    expect(parse('log 30 on 12')).toMatchObject({ example: 'log 30m on 1002', input: {} });
    // Whoever is answered in another language is shown one in that.
    expect(parse('log 30 on 12')).toMatchObject({
      examples: { en: 'log 30m on 1002', 'zh-Hans': '登记工时 30分钟 1002' },
    });
  });

  it.each([
    ['hlep', 'help'],
    ['asign 12 to me', 'assign 12 to me'],
    ['mytickets', 'my tickets'],
    ['ticktes 1002', 'tickets 1002'],
    ['notee 12: Keep  THIS\nas it is', 'note 12: Keep  THIS\nas it is'],
    ['aproove', 'approve'],
    ['link my acount', 'link my account'],
    ['nwe tickt Printer', 'new ticket Printer'],
  ])('takes %j for a near miss', (text, suggestion) => {
    expect(parse(text)).toEqual({ kind: 'suggestion', text: suggestion, locale: 'en' });
  });

  it.each([
    'done',
    'nice',
    'lot of problems',
    'link me now',
    'my tickets today',
    'note12: x',
    'xyzzy',
    '👍',
    '!!',
  ])('does not understand %j', (text) => {
    expect(parse(text)).toEqual({ kind: 'unknown' });
  });

  it('offers the reading in which the title goes on', () => {
    expect(parse('new ticket Key for room 3\nSoon')).toMatchObject({
      input: { title: 'Key', client: 'room 3', description: 'Soon' },
      alternative: { title: 'Key for room 3', description: 'Soon' },
    });
    expect(parse('new ticket Key')).toMatchObject({ alternative: null });
    expect(parse('note 12: for you')).toMatchObject({ alternative: null });
  });

  it.each(
    languages.flatMap(({ code, commands }) =>
      Object.entries(commands).map((entry) => [code, ...entry] as const),
    ),
  )('understands its own examples (%s, %s)', (code, command, { examples }) => {
    for (const example of examples) {
      expect(parser.parse(example, code)).toMatchObject({ kind: 'command', command, locale: code });
    }
  });
});

describe('what was typed', () => {
  it('is empty, or too long to be looked at', () => {
    expect(['', ' \n\t ', '\u0000\u202e'].map((text) => parse(text).kind)).toEqual([
      'empty',
      'empty',
      'empty',
    ]);
    expect(parse('x'.repeat(maxCommandLength + 1))).toEqual({ kind: 'too_long' });
    expect(parse(`note 1: ${'x'.repeat(maxCommandLength - 8)}`).kind).toBe('command');
  });

  it('loses control and direction characters, and keeps emoji', () => {
    expect(brief(parse('no\u0000te\u202e 1\u200f2\u2066: 👩‍👩‍👧 ok\u0007'))).toBe(
      'add_note; ticket=12; note=👩‍👩‍👧 ok',
    );
  });

  it('may be full-width, where it is not free text', () => {
    expect(brief(parse('ｎｏｔｅ　＃１００２：全角１２'))).toBe('add_note; ticket=#1002; note=全角１２');
  });

  it('has views of one length', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (typed) => {
        const { text, folded, shadow } = readCommandText(`İ${typed}`);
        expect([folded.length, shadow.length]).toEqual([text.length, text.length]);
      }),
    );
    expect(lowerCase('İIÄ')).toBe('İiä');
  });
});

describe('languages', () => {
  it('tries the words of the person first, then the others', () => {
    expect(parser.parse('帮助', 'en')).toMatchObject({ command: 'help', locale: 'zh-Hans' });
    expect(parser.parse('help', 'zh-Hans')).toMatchObject({ command: 'help', locale: 'en' });
    expect(parser.parse('?', 'zh-Hans')).toMatchObject({ command: 'help', locale: 'zh-Hans' });
    expect(parser.parse('？', null)).toMatchObject({ command: 'help', locale: 'en' });
  });

  it('refuses a command that two actions claim', () => {
    const claimed = [testActions[0], { id: 'other', commands: testActions[0]?.commands ?? [] }].filter(
      (a) => !!a,
    );
    expect(() => createCommandParser(claimed, languages)).toThrow('belongs to two actions');
  });
});

/** Words that none of the commands has. */
const word = fc
  .array(fc.constantFrom('z', 'Q', '7', 'ä', 'ß', 'İ', '，', '卡', '👩‍🔧', "'", '.', ':', '%', '１'), {
    maxLength: 6,
  })
  .map((units) => `zq${units.join('')}x`);
const line = fc.array(word, { minLength: 1, maxLength: 4 }).map((words) => words.join(' '));
const text = fc.array(line, { minLength: 1, maxLength: 3 }).map((lines) => lines.join('\n \n'));
const reference = fc.oneof(
  fc.integer({ min: 1, max: 25 }).map(String),
  fc.integer({ min: 1, max: 2_147_483_647 }).map((number) => `#${number}`),
  fc.integer({ min: 1001, max: 2_147_483_647 }).map(String),
  fc.uuid(),
);
const arbitraries = {
  reference,
  duration: fc.constantFrom(
    '5m',
    '1h',
    '1h 30m',
    '1.5h',
    '1h30',
    '2 hours',
    '1小时30分',
    '90 分钟',
    '半小时',
  ),
  token: fc.stringMatching(/^ZQ[A-Z0-9-]{1,8}$/),
  line,
  text,
};

/** The variant as somebody might type it: any case, odd spaces, full-width digits and letters. */
function typed(variant: Variant, values: Partial<Record<SlotName, string>>, seed: number): string {
  const parts = variant.elements.map((element, index) => {
    if (element.kind === 'literal') return vary(element.text, seed + index);
    const value = values[element.name] ?? '';
    return isFreeText(element.name) ? value : widen(value, seed + index);
  });
  const body = variant.body === null ? '' : `\n${values[variant.body]}`;
  return ` ${parts.join(['  ', ' \t', '\u3000'][seed % 3])}${body} `;
}

function vary(literal: string, seed: number): string {
  return widen(seed % 2 === 0 ? literal.toUpperCase() : literal, seed);
}

function widen(plain: string, seed: number): string {
  if (seed % 5 !== 0) return plain;
  return plain.replace(/[!-~]/g, (char) => String.fromCharCode(char.charCodeAt(0) + 0xfee0));
}

function slotsOf(variant: Variant): SlotName[] {
  const slots = variant.elements.flatMap((element) => (element.kind === 'slot' ? [element.name] : []));
  return variant.body === null ? slots : [...slots, variant.body];
}

const grammars = languages.flatMap(({ code, commands }) =>
  Object.entries(commands).map(([command, { patterns }]) => ({ code, command, patterns })),
);

describe.each(grammars)('$code $command', ({ code, command, patterns }) => {
  it.each(patterns)('reads what is written by %s', (pattern) => {
    const variants = expandPattern(pattern);
    for (const variant of variants) {
      const slots = slotsOf(variant);
      const values = fc.record(Object.fromEntries(slots.map((slot) => [slot, arbitraries[slotTypes[slot]]])));
      fc.assert(
        fc.property(values, fc.nat(30), (input, seed) => {
          const parsed = parser.parse(typed(variant, input, seed), code);
          expect(parsed).toMatchObject({ kind: 'command', command, input, locale: code });
        }),
        // Long patterns are mostly alternatives of a word.
        { numRuns: variants.length > 20 ? 3 : 20 },
      );
    }
  });
});

describe('any text', () => {
  const words = languages.flatMap(({ commands }) =>
    Object.values(commands).flatMap(({ patterns }) =>
      patterns.flatMap((pattern) => pattern.split(/[\s[\]()|]+/)),
    ),
  );
  const salad = fc
    .array(
      fc.oneof(fc.constantFrom(...words, '12', '#1002', '30m', '1h', 'x'), fc.string({ maxLength: 5 })),
      {
        maxLength: 12,
      },
    )
    .map((parts) => parts.join(' '));

  it('is read without failing, and a suggestion can be read in turn', () => {
    fc.assert(
      fc.property(fc.oneof(salad, fc.string({ unit: 'binary', maxLength: 400 })), (anything) => {
        const parsed = parser.parse(anything, anything.length % 2 === 0 ? 'en' : 'zh');
        if (parsed.kind === 'suggestion') expect(['command', 'missing']).toContain(parse(parsed.text).kind);
        if (parsed.kind === 'missing') expect(parse(parsed.example)).toMatchObject({ kind: 'command' });
        expect(JSON.stringify(parsed)).not.toMatch(/[\u202a-\u202e\u2066-\u2069]/);
      }),
      { numRuns: 2000 },
    );
  });

  // Each takes a fraction of a millisecond; with quadratic matching, thousands of them would take minutes.
  it.each([
    'new ticket x',
    'for ',
    ' for',
    'new ticket for for ',
    'note 1: note 1: ',
    '#1',
    '1',
    '1h',
    '\n',
    'log 1h ',
    'status 12 to to ',
    '((((',
    'aprove ',
    '新建工单',
    '客户',
    '的工单',
    '的工单。',
    '，',
    '，x',
    '给1',
    '1小时',
  ])('of the greatest length, made of %j, takes linear time', (unit) => {
    const long = unit.repeat(maxCommandLength).slice(0, maxCommandLength - 20);
    const starts = ['', 'new ticket ', 'new ticket a for ', 'log ', 'note ', 'aprove ', 'assign 12 '];
    for (const start of [...starts, '新建工单', '给', '查找', '备注1', '登记工时', '转给', '分陪']) {
      const attack = start + long;
      for (let run = 0; run < 20; run++) expect(parse(attack).kind).not.toBe('too_long');
    }
  });
});
