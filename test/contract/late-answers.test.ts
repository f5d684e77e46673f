/** Where a platform never repeats: work that takes too long is not said to be undone, and is confirmed once it is done. */
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ChatWorld } from '../support/chat-world.ts';
import { withoutNotifier } from '../support/without-notifier.ts';

describe.each(['slack', 'lark'])('on %s', (platform) => {
  let world: ChatWorld;
  let holder: Client;
  beforeAll(async () => {
    world = await ChatWorld.start(platform, { environment: withoutNotifier });
    holder = new Client({ connectionString: world.database.ownerUrl });
    await holder.connect();
  });
  afterAll(async () => {
    await holder.end();
    await world.close();
  });

  it('a mutation that outlasts the wait is confirmed by a message, and is done once', async () => {
    const where = { as: 'ben' };
    const { number } = await world.ticket({ title: 'Takes its time' });
    const card = await world.ask(`ticket ${number}`, where);
    await holder.query('begin');
    await holder.query('select 1 from audit_heads where tenant_id = $1 for update', [world.acme.tenantId]);
    const known = await world.chat.messages(where);
    // On Slack the platform's command; on Lark a button, since everything that is typed there is repeated.
    const gesture =
      platform === 'slack'
        ? await world.chat.command(`note ${number}: slowly`, where)
        : await world.chat.press(card, 'Assign to me', where);
    const shown = gesture.shown?.lines.map(({ text }) => text).join('\n') ?? '';
    expect(shown).toContain('longer than usual');
    expect(shown).not.toContain('nothing was changed');
    await holder.query('rollback');
    const late = await world.chat.nextMessage(
      where,
      [...known, ...(await world.chat.messages(where))],
      20_000,
    );
    expect(late.text).toContain(`#${number}`);
    expect((await world.auditRows()).map(({ result }) => result)).toEqual(['success']);
  });
});
