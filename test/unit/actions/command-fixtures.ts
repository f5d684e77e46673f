/** Actions with the commands that their definitions name, and a few commands in Chinese. */
import type { CommandSpec } from '../../../src/actions/parse-command.ts';
import type { CommandId } from '../../../src/words/index.ts';

const single: CommandId[] = [
  'help',
  'link_account',
  'whoami',
  'language',
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

export const chineseCommands = {
  help: { patterns: ['帮助', '?'], examples: ['帮助'] },
  my_tickets: { patterns: ['我的 工单'], examples: ['我的工单'] },
  create_ticket: {
    patterns: ['新建 工单 <title> [客户 <client>] [¶ <description>]'],
    examples: ['新建工单 打印机卡纸'],
  },
  assign_ticket: { patterns: ['分配 [工单] <ticket> [给 <assignee>]'], examples: ['分配 1002 给我'] },
  add_note: { patterns: ['备注 <ticket>[：] <note>'], examples: ['备注 1002：已回电'] },
};
