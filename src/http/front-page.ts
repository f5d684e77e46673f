/** The plain pages: `/` says what runs, how to chat with it and where the API is; a ticket's says how to open it. */

import { page } from './page.ts';

export function frontPage(options: { version: string; demo: boolean }): string {
  return page(`<h1>Deskbridge is running</h1>
<p class="quiet">Version ${options.version}. A gateway between your service desk and the chats where people work.</p>
${options.demo ? demoSection : ''}
<h2>API</h2>
<dl>
<dt><a href="/openapi.json">/openapi.json</a></dt><dd>Everything an administrator can do, as OpenAPI 3.1</dd>
<dt><a href="/readyz">/readyz</a> · <a href="/healthz">/healthz</a></dt><dd>Whether it can serve, and whether it lives</dd>
<dt><a href="/metrics">/metrics</a></dt><dd>Counters for Prometheus</dd>
</dl>
<pre>curl -H "Authorization: Bearer $DESKBRIDGE_TOKEN" \\
  $DESKBRIDGE_URL/v1/tenants/demo/audit-events</pre>
<h2>Platforms</h2>
<p>Each calls this address over HTTPS; a registration's manifest holds its own.</p>
<dl>
<dt>Microsoft Teams</dt><dd><code>POST /api/messages</code>, for every app</dd>
<dt>Slack</dt><dd><code>POST /slack/events/{registration}</code>: events, interactivity and slash commands</dd>
<dt>Lark and Feishu</dt><dd><code>POST /lark/events/{registration}</code>: events and card callbacks</dd>
</dl>`);
}

/**
 * Where a ticket's link leads while there is no web console: back to the chat, where the desk knows who asks. It
 * says the same for every number, whether there is such a ticket or not.
 */
export function ticketPage(number: number): string {
  return page(`<h1>Ticket #${number}</h1>
<p>This ticket is kept in Deskbridge. To see it, send this to the bot in your chat:</p>
<pre>ticket ${number}</pre>`);
}

const demoSection = `<h2>Chat with the demo desk</h2>
<p>In a terminal, in the project's folder:</p>
<pre>npx deskbridge chat --as ann
npx deskbridge chat --as ben --on slack
npx deskbridge chat --as cara --on lark</pre>
<p>Then type <code>help</code>, <code>my tickets</code> or <code>assign 1 to me</code>.</p>`;
