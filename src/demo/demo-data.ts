/** The demo tenant: five people, their customers and a dozen tickets with something going on. */
import type { TicketPriority } from '../desk/records.ts';
import type { Role } from '../tenants/capabilities.ts';

export const demoSlug = 'demo';

/** The demo's Teams registration; the Agents Playground's file under `docs/` names the same ids. */
export const demoTeams = {
  appId: '22222222-2222-4222-8222-222222222222',
  organization: '11111111-1111-4111-8111-111111111111',
} as const;

/** The demo's Slack registration; `npm start` opens a Slack in miniature around it. */
export const demoSlack = { appId: 'A0DEMODESK1', organization: 'T0DEMODESK1' } as const;

/** The demo's Lark registration, likewise. */
export const demoLark = { appId: 'cli_demodesk00000001', organization: 'demodesk00000001' } as const;

export interface DemoPerson {
  key: string;
  name: string;
  email: string;
  roles: Role[];
  timeZone: string;
  /** Entra object id in the demo organization. */
  aadObjectId: string;
  slackUserId: string;
  larkOpenId: string;
  larkUnionId: string;
}

export const demoPeople: readonly DemoPerson[] = [
  person(1, 'ann', 'Ann Archer', 'admin', 'Europe/London'),
  person(2, 'ben', 'Ben Brook', 'technician', 'Europe/Berlin'),
  person(3, 'cara', 'Cara Cole', 'technician', 'America/New_York'),
  person(4, 'dan', 'Dan Dale', 'technician', 'Asia/Singapore'),
  person(5, 'eve', 'Eve East', 'technician', 'Europe/London'),
];

export const demoClients: readonly { name: string; contacts: { name: string; email: string }[] }[] = [
  {
    name: 'Contoso',
    contacts: [contact('Olivia Ortega', 'contoso.test'), contact('Paul Park', 'contoso.test')],
  },
  { name: 'Fabrikam', contacts: [contact('Quinn Quist', 'fabrikam.test')] },
  { name: 'Northwind Traders', contacts: [contact('Rosa Rossi', 'northwind.test')] },
  { name: 'Tailspin Toys', contacts: [contact('Sam Sato', 'tailspin.test')] },
];

export interface DemoTicket {
  title: string;
  description: string;
  client: string;
  contact: string;
  /** Key of a person; null: nobody yet. */
  assignee: string | null;
  priority: TicketPriority;
  status: 'new' | 'open' | 'waiting' | 'closed';
  /** Hours before the demo was seeded. */
  ageHours: number;
  /** Hours after the demo was seeded; negative: overdue. */
  dueHours: number | null;
  note?: string;
}

export const demoTickets: readonly DemoTicket[] = [
  {
    title: 'Printer on floor 3 is jammed',
    description: 'The big one beside the kitchen. Paper tray 2, again.',
    client: 'Contoso',
    contact: 'Olivia Ortega',
    assignee: null,
    priority: 'normal',
    status: 'new',
    ageHours: 1,
    dueHours: 7,
  },
  {
    title: 'Laptop does not start after the update',
    description: 'Black screen with a blinking cursor since this morning.',
    client: 'Fabrikam',
    contact: 'Quinn Quist',
    assignee: 'ann',
    priority: 'high',
    status: 'open',
    ageHours: 5,
    dueHours: 3,
    note: 'Asked Quinn to hold the power button for 30 seconds.',
  },
  {
    title: 'New starter on Monday: account and hardware',
    description: 'Marketing, needs the design licences and two screens.',
    client: 'Contoso',
    contact: 'Paul Park',
    assignee: 'ann',
    priority: 'normal',
    status: 'open',
    ageHours: 30,
    dueHours: 40,
  },
  {
    title: 'VPN drops every few minutes from home',
    description: 'Only on the home network of two colleagues.',
    client: 'Northwind Traders',
    contact: 'Rosa Rossi',
    assignee: 'ben',
    priority: 'high',
    status: 'waiting',
    ageHours: 26,
    dueHours: 1,
    note: 'Waiting for the router model.',
  },
  {
    title: 'Shared mailbox is missing for three people',
    description: 'orders@ disappeared from Outlook after the licence change.',
    client: 'Tailspin Toys',
    contact: 'Sam Sato',
    assignee: 'ben',
    priority: 'urgent',
    status: 'open',
    ageHours: 4,
    dueHours: -1,
  },
  {
    title: 'Backup report shows two failed jobs',
    description: 'FILE02 and SQL01, both with error 0x8004230f.',
    client: 'Fabrikam',
    contact: 'Quinn Quist',
    assignee: 'cara',
    priority: 'high',
    status: 'open',
    ageHours: 9,
    dueHours: 15,
  },
  {
    title: 'Meeting room screen flickers',
    description: 'Room Baltic, only over HDMI.',
    client: 'Contoso',
    contact: 'Olivia Ortega',
    assignee: 'cara',
    priority: 'low',
    status: 'new',
    ageHours: 50,
    dueHours: 120,
  },
  {
    title: 'Two-factor reset for the finance lead',
    description: 'Phone was replaced. Identity confirmed by video call.',
    client: 'Northwind Traders',
    contact: 'Rosa Rossi',
    assignee: 'dan',
    priority: 'urgent',
    status: 'open',
    ageHours: 2,
    dueHours: 2,
  },
  {
    title: 'Wi-Fi is slow in the warehouse',
    description: 'Scanners lose the connection at the north end.',
    client: 'Tailspin Toys',
    contact: 'Sam Sato',
    assignee: 'dan',
    priority: 'normal',
    status: 'waiting',
    ageHours: 100,
    dueHours: 60,
  },
  {
    title: 'Licences for the new design tool',
    description: 'Twelve seats, yearly. Needs an approval.',
    client: 'Contoso',
    contact: 'Paul Park',
    assignee: 'eve',
    priority: 'normal',
    status: 'waiting',
    ageHours: 20,
    dueHours: 80,
  },
  {
    title: 'Certificate of the customer portal ends next week',
    description: 'portal.northwind.test, the chain includes the old intermediate.',
    client: 'Northwind Traders',
    contact: 'Rosa Rossi',
    assignee: 'eve',
    priority: 'high',
    status: 'open',
    ageHours: 12,
    dueHours: 90,
  },
  {
    title: 'Phone system: voicemail greeting',
    description: 'Recorded and uploaded, please listen and confirm.',
    client: 'Fabrikam',
    contact: 'Quinn Quist',
    assignee: 'ben',
    priority: 'low',
    status: 'closed',
    ageHours: 200,
    dueHours: null,
  },
];

/** `ticket` is the title of the demo ticket that the request belongs to. */
export const demoApprovals: readonly {
  title: string;
  description: string;
  ticket: string;
  requester: string;
  approver: string;
}[] = [
  {
    title: 'Twelve design licences for Contoso, 4,320 € a year',
    description: 'Offer of 12 November, valid for two weeks.',
    ticket: 'Licences for the new design tool',
    requester: 'eve',
    approver: 'ann',
  },
  {
    title: 'Emergency change: restart SQL01 tonight at 22:00',
    description: 'About ten minutes without the order system.',
    ticket: 'Backup report shows two failed jobs',
    requester: 'cara',
    approver: 'ann',
  },
  {
    title: 'Replace the access point in the north hall',
    description: 'Spare part is in stock.',
    ticket: 'Wi-Fi is slow in the warehouse',
    requester: 'dan',
    approver: 'ben',
  },
];

function person(index: number, key: string, name: string, role: Role, timeZone: string): DemoPerson {
  const aadObjectId = `aaaaaaaa-0000-4000-8000-00000000000${index}`;
  return {
    key,
    name,
    email: `${key}@demo.test`,
    roles: [role],
    timeZone,
    aadObjectId,
    slackUserId: `U0DEMO${key.toUpperCase()}${index}`,
    larkOpenId: `ou_demo${key}00000000000${index}`,
    larkUnionId: `on_demo${key}00000000000${index}`,
  };
}

function contact(name: string, domain: string) {
  return { name, email: `${name.split(' ')[0]?.toLowerCase()}@${domain}` };
}
