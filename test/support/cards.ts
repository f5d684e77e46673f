/** Messages and forms to draw: the same ones on every platform, and arbitrary ones. */
import fc from 'fast-check';
import type { JsonObject } from '../../src/kernel/canonical-json.ts';
import type { Button, Form, Message } from '../../src/kernel/message.ts';

export const press = (label: string, action: string, input: JsonObject, more: Partial<Button> = {}): Button =>
  ({ kind: 'action', label, action, input, nonce: 'n-1', ...more }) as Button;

export const ticket = (ordinal: number, number: number, title: string, text: string) => ({
  ordinal,
  title: `#${number} ${title}`,
  text,
  url: `https://desk.example/t/demo/tickets/${number}`,
  buttons: [
    press('Assign to me', 'assign_ticket', { ticket: number, assignee: 'me' }),
    { kind: 'form', label: 'Add note', action: 'add_note', input: { ticket: number } } as Button,
  ],
});

export const messages: Record<string, Message> = {
  list: {
    title: 'Your open tickets',
    text: '4 tickets are assigned to you.',
    items: [
      ticket(1, 1003, 'Printer on the third floor is on fire', 'Northwind · In progress · due in 2 hours'),
      ticket(2, 1007, 'VPN drops every ten minutes', 'Contoso · New'),
      ticket(3, 1011, 'الطابعة لا تعمل في المكتب الجديد', 'Fabrikam · Waiting for customer'),
      ticket(4, 1012, 'Laptop 💻 won’t wake up 👩‍💻🏴󠁧󠁢󠁥󠁮󠁧󠁿', 'Adventure Works · New'),
    ],
    buttons: [{ kind: 'command', label: 'My approvals', text: 'my approvals', nonce: 'n-2' }],
    footer: 'Type “assign 1 to me” or “note 2: …”.',
  },
  ticket: {
    title: '#1003 Printer on the third floor is on fire',
    text: 'Smoke since 9:40, the alarm is quiet.\nPlease bring a new drum.\n\nFacilities know about it.',
    facts: [
      { label: 'Client', value: 'Northwind' },
      { label: 'Status', value: 'In progress' },
      { label: 'Assignee', value: 'Ann Admin' },
      { label: 'Device', value: 'printer_03_*floor* [3rd]' },
    ],
    buttons: [
      press('Assign to me', 'assign_ticket', { ticket: 1003, assignee: 'me' }, { style: 'primary' }),
      { kind: 'form', label: 'Add note', action: 'add_note', input: { ticket: 1003 } },
      { kind: 'form', label: 'Log time', action: 'log_time', input: { ticket: 1003 } },
      { kind: 'url', label: 'Open', url: 'https://desk.example/t/demo/tickets/1003' },
    ],
  },
  error: {
    title: 'Not found',
    text: 'There is no ticket #4711 that you may see. Check the number, or type “my tickets”.',
    tone: 'attention',
    buttons: [{ kind: 'command', label: 'My tickets', text: 'my tickets', nonce: 'n-3' }],
  },
  'link-code': {
    title: 'Link your account',
    text: 'I do not know yet who you are at your service desk. Give this code to an administrator, who enters it within 15 minutes.',
    tone: 'warning',
    facts: [{ label: 'Code', value: 'K7QF-2M9X' }],
  },
  approval: {
    title: 'Approval: new laptop for Bea',
    facts: [
      { label: 'Requested by', value: 'Bea Brown' },
      { label: 'Amount', value: '1,499.00 EUR' },
    ],
    buttons: [
      press('Approve', 'approval_response', { approval: 'a1', answer: 'approve' }, { style: 'primary' }),
      {
        kind: 'form',
        label: 'Request changes',
        action: 'approval_response',
        input: { approval: 'a1', answer: 'request_changes' },
        style: 'danger',
      },
    ],
  },
};

export const form: Form = {
  action: 'log_time',
  title: 'Log time on #1003',
  input: { ticket: 1003 },
  submitLabel: 'Log time',
  nonce: 'n-4',
  error: 'Nothing was saved.',
  requiredHint: 'This is needed.',
  fields: [
    {
      name: 'duration',
      label: 'Duration',
      kind: 'text',
      required: true,
      value: 'soon',
      error: 'Write it like 1h 30m.',
    },
    {
      name: 'note',
      label: 'Note',
      kind: 'multiline',
      required: false,
      maxLength: 4000,
      placeholder: 'What was done',
    },
    {
      name: 'client',
      label: 'Client',
      kind: 'choice',
      required: true,
      value: 'c2',
      choices: [
        { label: 'Northwind', value: 'c1' },
        { label: 'Contoso', value: 'c2' },
      ],
    },
    { name: 'billable', label: 'Billable', kind: 'toggle', required: false, value: 'true' },
  ],
};

const text: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.string({ unit: 'grapheme', maxLength: 60 }),
  fc.tuple(fc.constantFrom('a\n', '"', '𝒳', '字', '\\', '\ud800'), fc.nat(9000)).map(([s, n]) => s.repeat(n)),
);
const input = fc.dictionary(fc.string(), fc.oneof(text, fc.integer()), { maxKeys: 3 });
const button: fc.Arbitrary<Button> = fc.oneof(
  fc.record({
    kind: fc.constant('action' as const),
    label: text,
    action: fc.string(),
    input,
    nonce: fc.string(),
  }),
  fc.record({ kind: fc.constant('command' as const), label: text, text, nonce: fc.string() }),
  fc.record({ kind: fc.constant('form' as const), label: text, action: fc.string(), input }),
  fc.record({ kind: fc.constant('url' as const), label: text, url: fc.oneof(fc.webUrl(), text) }),
);
export const anyMessage: fc.Arbitrary<Message> = fc.record(
  {
    title: text,
    text,
    tone: fc.constantFrom('neutral' as const, 'good' as const, 'attention' as const, 'warning' as const),
    facts: fc.array(fc.record({ label: text, value: text }), { maxLength: 30 }),
    items: fc.array(
      fc.record(
        {
          ordinal: fc.nat(),
          title: text,
          text,
          url: fc.webUrl(),
          buttons: fc.array(button, { maxLength: 8 }),
        },
        { requiredKeys: ['title'] },
      ),
      { maxLength: 40 },
    ),
    moreItems: text,
    buttons: fc.array(button, { maxLength: 15 }),
    footer: text,
  },
  { requiredKeys: ['title'] },
);

export const anyForm: fc.Arbitrary<Form> = fc.record(
  {
    action: fc.string(),
    title: text,
    input,
    submitLabel: text,
    nonce: fc.string(),
    cardMessageId: fc.string({ maxLength: 300 }),
    error: text,
    fields: fc.array(
      fc.record(
        {
          name: fc.oneof(fc.string(), text),
          label: text,
          kind: fc.constantFrom('text' as const, 'multiline' as const, 'choice' as const, 'toggle' as const),
          required: fc.boolean(),
          value: text,
          placeholder: text,
          maxLength: fc.oneof(fc.integer(), fc.double()),
          choices: fc.array(fc.record({ label: text, value: fc.oneof(fc.string(), text) }), {
            maxLength: 120,
          }),
          error: text,
        },
        { requiredKeys: ['name', 'label', 'kind', 'required'] },
      ),
      { maxLength: 110 },
    ),
  },
  { requiredKeys: ['action', 'title', 'input', 'submitLabel', 'nonce', 'fields'] },
);
