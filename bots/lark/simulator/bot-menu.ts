/** The entries of the bot's menu, as people see and choose them. */

/** With the labels in both languages. */
export const botMenu: readonly { eventKey: string; labels: readonly [english: string, chinese: string] }[] = [
  { eventKey: 'help', labels: ['Help', '帮助'] },
  { eventKey: 'my_tickets', labels: ['My tickets', '我的工单'] },
  { eventKey: 'my_approvals', labels: ['My approvals', '我的审批'] },
  { eventKey: 'create_ticket', labels: ['New ticket', '新建工单'] },
];

/** The event key of an entry, by that key or by its label in either language; others stand as they are. */
export function menuKeyOf(entry: string): string {
  const known = botMenu.find(({ eventKey, labels }) => eventKey === entry || labels.includes(entry));
  return known?.eventKey ?? entry;
}
