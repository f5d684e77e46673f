/** What Chinese-speaking people type, and what it does. */
import { describe, expect, it } from 'vitest';
import { createCommandParser, type ParsedCommand } from '../../../src/actions/parse-command.ts';
import { actions } from '../../../src/actions/registry.ts';
import { languages } from '../../../src/words/index.ts';

const parser = createCommandParser(actions, languages);

type Row = [typed: string, action: string, input: Record<string, string>];

const rows: Row[] = [
  ['帮助', 'help', {}],
  ['你好！', 'help', {}],
  ['？', 'help', {}],
  ['你能做什么', 'help', {}],
  ['绑定', 'link_account', {}],
  ['绑定账号', 'link_account', {}],
  ['绑定 K7QM4TZD', 'link_account', { code: 'K7QM4TZD' }],
  ['绑定Ｋ７ＱＭ４ＴＺＤ。', 'link_account', { code: 'K7QM4TZD' }],
  ['绑定码：k7qm-4tzd', 'link_account', { code: 'k7qm-4tzd' }],
  ['我是谁', 'whoami', {}],
  ['我是谁？', 'whoami', {}],
  ['语言 英文', 'language', { code: '英文' }],
  ['语言：中文', 'language', { code: '中文' }],
  ['切换语言为英语', 'language', { code: '英语' }],
  ['把语言改成 English', 'language', { code: 'English' }],
  ['通知设置', 'notifications', {}],
  ['查看通知', 'notifications', {}],
  ['我的通知', 'notifications', {}],
  ['静音 公告', 'mute', { category: '公告' }],
  ['静音：客户回复', 'mute', { category: '客户回复' }],
  ['屏蔽审批请求', 'mute', { category: '审批请求' }],
  ['取消静音 公告', 'unmute', { category: '公告' }],
  ['恢复接收客户回复', 'unmute', { category: '客户回复' }],
  ['我的工单', 'my_tickets', {}],
  ['我的 工单。', 'my_tickets', {}],
  ['查看我的未关闭的工单', 'my_tickets', {}],
  ['我的任务', 'my_tickets', {}],
  ['工单', 'my_tickets', {}],
  ['我的审批', 'my_approvals', {}],
  ['待我审批', 'my_approvals', {}],
  ['工单 1002', 'open_record', { ticket: '1002' }],
  ['工单１００２', 'open_record', { ticket: '1002' }],
  ['打开＃1002', 'open_record', { ticket: '#1002' }],
  ['查看1002号工单', 'open_record', { ticket: '1002' }],
  ['看一下 3', 'open_record', { ticket: '3' }],
  ['审批 1', 'open_record', { approval: '1' }],
  ['工单 打印机', 'find_tickets', { query: '打印机' }],
  ['查找 三楼 打印机', 'find_tickets', { query: '三楼 打印机' }],
  ['搜索工单：ＶＰＮ', 'find_tickets', { query: 'ＶＰＮ' }],
  ['找一下打印机的工单', 'find_tickets', { query: '打印机' }],
  ['新建工单 三楼打印机卡纸', 'create_ticket', { title: '三楼打印机卡纸' }],
  ['新建工单：三楼打印机卡纸', 'create_ticket', { title: '三楼打印机卡纸' }],
  ['新建工单打印机卡纸 客户Contoso', 'create_ticket', { title: '打印机卡纸', client: 'Contoso' }],
  ['新建工单 打印机卡纸，客户：北风贸易', 'create_ticket', { title: '打印机卡纸', client: '北风贸易' }],
  ['新建工单 客户反映打印机坏了', 'create_ticket', { title: '客户反映打印机坏了' }],
  ['新建工单，客户机无法开机', 'create_ticket', { title: '客户机无法开机' }],
  ['提交工单，打印机卡纸', 'create_ticket', { title: '打印机卡纸' }],
  ['开一个工单：VPN 断线', 'create_ticket', { title: 'VPN 断线' }],
  ['给 Contoso 新建工单：打印机卡纸', 'create_ticket', { title: '打印机卡纸', client: 'Contoso' }],
  [
    '新建工单 打印机卡纸\n三楼，二号纸盒\n又卡了',
    'create_ticket',
    { title: '打印机卡纸', description: '三楼，二号纸盒\n又卡了' },
  ],
  ['分配 1002 给我', 'assign_ticket', { ticket: '1002', assignee: '我' }],
  ['分配＃１００２给我', 'assign_ticket', { ticket: '#1002', assignee: '我' }],
  ['把 1002 分配给 王芳', 'assign_ticket', { ticket: '1002', assignee: '王芳' }],
  ['把1002号工单转给王芳', 'assign_ticket', { ticket: '1002', assignee: '王芳' }],
  ['将工单1指派给 wang@acme.test', 'assign_ticket', { ticket: '1', assignee: 'wang@acme.test' }],
  ['工单1002转给小明', 'assign_ticket', { ticket: '1002', assignee: '小明' }],
  ['转给 王芳：工单 1002', 'assign_ticket', { ticket: '1002', assignee: '王芳' }],
  ['转派1002给王芳', 'assign_ticket', { ticket: '1002', assignee: '王芳' }],
  ['分配给我 1002', 'assign_ticket', { ticket: '1002' }],
  ['认领 1002', 'assign_ticket', { ticket: '1002' }],
  ['接单1', 'assign_ticket', { ticket: '1' }],
  ['备注 1002：已回电', 'add_note', { ticket: '1002', note: '已回电' }],
  ['备注１００２：已回电', 'add_note', { ticket: '1002', note: '已回电' }],
  ['备注1002，已回电（下午再打）', 'add_note', { ticket: '1002', note: '已回电（下午再打）' }],
  ['给1002加个备注：等配件', 'add_note', { ticket: '1002', note: '等配件' }],
  ['添加备注到工单1002：等配件', 'add_note', { ticket: '1002', note: '等配件' }],
  ['回复 1002：我们明天上午十点到', 'reply_to_contact', { ticket: '1002', reply: '我们明天上午十点到' }],
  ['回复客户 1002 马上处理', 'reply_to_contact', { ticket: '1002', reply: '马上处理' }],
  ['状态 1002 已解决', 'set_status', { ticket: '1002', status: '已解决' }],
  ['状态1002关闭', 'set_status', { ticket: '1002', status: '关闭' }],
  ['把1002的状态改为处理中', 'set_status', { ticket: '1002', status: '处理中' }],
  ['把 1002 标为已解决', 'set_status', { ticket: '1002', status: '已解决' }],
  ['修改状态 1002 为 等待中', 'set_status', { ticket: '1002', status: '等待中' }],
  ['登记工时 30分钟 1002', 'log_time', { duration: '30分钟', ticket: '1002' }],
  [
    '登记工时 1小时30分 1002：更换硒鼓',
    'log_time',
    { duration: '1小时30分', ticket: '1002', note: '更换硒鼓' },
  ],
  ['登记工时１．５小时＃1002', 'log_time', { duration: '1.5小时', ticket: '#1002' }],
  ['登记工时1小时1002', 'log_time', { duration: '1小时', ticket: '1002' }],
  ['工时 1002 90分钟', 'log_time', { duration: '90分钟', ticket: '1002' }],
  ['登记半小时到1002', 'log_time', { duration: '半小时', ticket: '1002' }],
  ['给1002记1个半小时：换硒鼓', 'log_time', { duration: '1个半小时', ticket: '1002', note: '换硒鼓' }],
  ['登记工时 1小时 1002 分析日志', 'log_time', { duration: '1小时', ticket: '1002', note: '分析日志' }],
  ['工时 1h30 1002', 'log_time', { duration: '1h30', ticket: '1002' }],
  ['批准 1', 'approval_response', { approval: '1', response: 'approve' }],
  ['同意１：可以采购', 'approval_response', { approval: '1', comment: '可以采购', response: 'approve' }],
  ['驳回 1：太贵了', 'approval_response', { approval: '1', comment: '太贵了', response: 'request_changes' }],
  ['审批1通过', 'approval_response', { approval: '1', response: 'approve' }],
  // Either language, whichever is the person's.
  ['my tickets', 'my_tickets', {}],
  ['assign 1002 to 我', 'assign_ticket', { ticket: '1002', assignee: '我' }],
  ['分配 1002 给 me', 'assign_ticket', { ticket: '1002', assignee: 'me' }],
  ['log 半小时 on 1002', 'log_time', { duration: '半小时', ticket: '1002' }],
  ['language 中文', 'language', { code: '中文' }],
  ['ｎｏｔｅ　１００２：已回电', 'add_note', { ticket: '1002', note: '已回电' }],
];

it.each(rows)('%j runs %s', (typed, action, input) => {
  for (const locale of ['zh-CN', 'en', null]) {
    const parsed = parser.parse(typed, locale);
    expect(parsed).toMatchObject({ kind: 'command', action });
    expect(parsed.kind === 'command' && parsed.input).toEqual(input);
  }
});

function outcome(parsed: ParsedCommand): string {
  if (parsed.kind === 'suggestion') return parsed.text;
  return parsed.kind === 'missing' ? `${parsed.action} lacks ${parsed.slot}` : parsed.kind;
}

describe('half a command', () => {
  it.each([
    ['工单号', 'open_record lacks ticket'],
    ['新建工单', 'create_ticket lacks title'],
    ['分配', 'assign_ticket lacks ticket'],
    ['把1002分配给', 'assign_ticket lacks assignee'],
    ['备注 1002：', 'add_note lacks note'],
    ['状态 1002', 'set_status lacks status'],
    ['登记工时 30 1002', 'log_time lacks duration'],
    ['登记工时 30分', 'log_time lacks ticket'],
    ['驳回 1', 'approval_response lacks comment'],
    ['语言', 'language lacks code'],
  ])('%j is asked about', (typed, expected) => {
    const parsed = parser.parse(typed, 'zh-CN');
    expect(outcome(parsed)).toBe(expected);
    expect(parsed).toMatchObject({ locale: 'zh-Hans', example: expect.stringMatching(/\p{Script=Han}/u) });
  });
});

describe('a slip of one character', () => {
  it.each([
    ['帮住', '帮助'],
    ['我得工单', '我的工单'],
    ['我的单工', '我的工单'],
    ['我工单', '我的工单'],
    ['我的审匹', '我的审批'],
    ['分陪1002给我', '分配1002给我'],
    ['公单 1002', '工单 1002'],
    ['新键工单打印机卡纸', '新建工单打印机卡纸'],
    ['回付 1002：马上到', '回复 1002：马上到'],
    ['批淮 1', '批准 1'],
    ['登计工时 1小时 1002', '登记工时 1小时 1002'],
  ])('%j is taken for %j', (typed, suggestion) => {
    expect(parser.parse(typed, 'zh')).toEqual({ kind: 'suggestion', text: suggestion, locale: 'zh-Hans' });
  });
});

it.each(['谢谢', '好的', '我的电脑', '备份', '打印机又卡纸了', '把打印机修好', '给我看看', '接下来怎么办'])(
  'makes nothing of %j',
  (typed) => {
    expect(parser.parse(typed, 'zh')).toEqual({ kind: 'unknown' });
  },
);
