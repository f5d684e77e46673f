/** Actions with the commands that their definitions name. */
import type { CommandSpec } from '../../../src/actions/parse-command.ts';
import type { CommandId } from '../../../src/words/index.ts';

const single: CommandId[] = [
  'help',
  'link_account',
  'whoami',
  'language',
  'notifications',
  'mute',
  'unmute',
  'my_tickets',
  'my_approvals',
  'find_tickets',
  'open_record',
  'create_ticket',
  'assign_ticket',
  'add_note',
  'reply_to_contact',
  'set_status',
  'log_time',
];

export const testActions: { id: string; commands: CommandSpec[] }[] = [
  ...single.map((id) => ({ id, commands: [{ id }] })),
  {
    id: 'approval_response',
    commands: [
      { id: 'approve', constants: { response: 'approve' } },
      { id: 'request_changes', constants: { response: 'request_changes' } },
    ],
  },
];
