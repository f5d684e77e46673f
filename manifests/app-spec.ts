/** The one description of the app, from which the manifests of every platform are made. */
import { readFileSync } from 'node:fs';
import { actions } from '../src/actions/registry.ts';
import type { AppSpec, AppTexts, Described, Gesture } from '../src/kernel/app-spec.ts';
import { type ActionName, type CommandId, languages, matchLanguage, translator } from '../src/words/index.ts';
import { commandWords } from './command-words.ts';

/** What stands in no language file, since only manifests say it. A new language of them is an entry here. */
const described = {
  en: {
    summary: 'Your service desk in chat: tickets, notes, time and approvals.',
    description:
      'Deskbridge connects your service desk with the chat where you work. Ask for your tickets, open new ones, ' +
      'assign them, add notes, book time, change their status and answer approvals, by typing or by the buttons of ' +
      'the cards.\n\nTurn a message into a ticket, or add it to one. Search the desk while you write.\n\nTo begin, ' +
      'send "link" to the bot and give the code to your administrator, who connects your chat account with your ' +
      'account at the desk. Then send "help". Every change is recorded under your name.',
    slashText: 'Your service desk: tickets, notes, time and approvals',
    slashHint: 'my tickets | new ticket Printer jams | help',
    tickets: 'Tickets',
  },
  'zh-CN': {
    summary: '在聊天中使用服务台：工单、备注、工时和审批。',
    description:
      'Deskbridge 将服务台与你日常使用的聊天工具连接起来。你可以通过输入命令或点击卡片按钮查看自己的工单、新建工单、' +
      '分配工单、添加备注、记录工时、更改状态以及处理审批。\n\n你可以将一条消息转为工单，或添加到已有工单；' +
      '也可以在撰写消息时搜索服务台。\n\n首次使用时，请向机器人发送“绑定”并将绑定码交给管理员，由管理员将你的聊天账号' +
      '与服务台账号关联；然后发送“帮助”查看可用命令。每一次更改都会记录在你的名下。',
    slashText: '你的服务台：工单、备注、工时和审批',
    slashHint: '我的工单 | 新建工单 打印机卡纸 | 帮助',
    tickets: '工单',
  },
} as const;

/** Commands that come first; the others follow in the order of help. */
const first: readonly ActionName[] = [
  'help',
  'my_tickets',
  'my_approvals',
  'create_ticket',
  'find_tickets',
  'assign_ticket',
  'add_note',
  'log_time',
  'set_status',
  'link_account',
];

/** The description by the actions and words as they are. Reads the icons. */
export function appSpec(): AppSpec {
  return {
    // Raised with every change of a manifest: Teams takes an update only with a higher one.
    version: '1.1.0',
    slashCommand: '/desk',
    accentColor: '#1f5fbf',
    developer: { name: 'Deskbridge', website: '/', privacy: '/', terms: '/' },
    icons: { color: icon('color.png'), outline: icon('outline.png') },
    texts: textsIn('en'),
    translations: [textsIn('zh-CN')],
  };
}

function icon(name: string): Uint8Array {
  return readFileSync(new URL(`teams/${name}`, import.meta.url));
}

function textsIn(locale: keyof typeof described): AppTexts {
  const say = translator(locale);
  const { summary, description, slashText, slashHint, tickets } = described[locale];
  const gesture = (id: Gesture): Described => ({
    title: say(`action.${id}.title`),
    text: say(`action.${id}.help`),
  });
  const entry = (id: ActionName) => ({ label: say(`action.${id}.title`), action: id });
  return {
    locale,
    name: 'Deskbridge',
    summary,
    description,
    commands: commandsIn(locale),
    gestures: {
      search_records: gesture('search_records'),
      create_ticket: gesture('create_ticket'),
      create_ticket_from_message: gesture('create_ticket_from_message'),
      update_from_message: gesture('update_from_message'),
    },
    slashCommand: { text: slashText, hint: slashHint },
    menu: [
      { label: tickets, entries: [entry('my_tickets'), entry('create_ticket')] },
      entry('my_approvals'),
      entry('help'),
    ],
  };
}

/** Every action that can be typed, by the first words of its most typical command. */
function commandsIn(locale: string): Described[] {
  const say = translator(locale);
  const rank = (id: ActionName) => (first.includes(id) ? first.indexOf(id) : first.length);
  return actions
    .toSorted((one, other) => rank(one.id) - rank(other.id))
    .flatMap(({ id, commands: [command] }) =>
      command === undefined ? [] : [{ title: titleOf(command.id, locale), text: say(`action.${id}.help`) }],
    );
}

function titleOf(command: CommandId, locale: string): string {
  const words = (matchLanguage(languages, locale) ?? languages[0])?.commands[command];
  const [example = command] = words?.examples ?? [];
  return commandWords(example, words?.patterns ?? []);
}
