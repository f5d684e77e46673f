/** Captured conversations over HTTP. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { captureReference } from '../../../src/conversations/capture-reference.ts';
import { retireReferences } from '../../../src/conversations/reference-store.ts';
import type { ConversationReference } from '../../../src/kernel/activity.ts';
import { startTestApp, type TestApp } from '../../support/app.ts';
import { makeWorld, type TenantWorld } from '../../support/tenant-world.ts';

let app: TestApp;
let world: TenantWorld;

beforeAll(async () => {
  app = await startTestApp();
  world = await makeWorld(app);
});
afterAll(() => app.close());

const personal: ConversationReference = {
  platformConversationId: 'a:1',
  type: 'personal',
  organization: 'org',
  platformUserId: 'person-1',
  serviceUrl: 'https://smba.trafficmanager.net/emea/',
  botId: '28:app',
  channelId: null,
  threadId: null,
  locale: 'en-GB',
};
const group: ConversationReference = {
  ...personal,
  platformConversationId: '19:g',
  type: 'group',
  platformUserId: null,
};

test('are listed newest first, a retired one with its reason', async () => {
  const registration = { registrationId: world.ids.registration_id, platform: 'teams' };
  const capture = (reference: ConversationReference, at: string) =>
    app.services.database.inTenant(world.tenantId, (tx) =>
      captureReference(tx, registration, reference, new Date(at)),
    );
  const first = await capture(personal, '2030-01-01T10:00:00.000Z');
  const second = await capture(group, '2030-01-01T11:00:00.000Z');
  await app.services.database.inTenant(world.tenantId, (tx) =>
    retireReferences(tx, registration.registrationId, '19:g', 'uninstalled'),
  );
  const common = { registration_id: registration.registrationId, platform: 'teams' };
  const expected = [
    {
      ...common,
      conversation_id: second,
      type: 'group',
      platform_user_id: null,
      platform_conversation_id: '19:g',
      state: 'retired',
      retired_reason: 'uninstalled',
      last_activity_at: '2030-01-01T11:00:00.000Z',
      created_at: '2030-01-01T11:00:00.000Z',
    },
    {
      ...common,
      conversation_id: first,
      type: 'personal',
      platform_user_id: 'person-1',
      platform_conversation_id: 'a:1',
      state: 'active',
      retired_reason: null,
      last_activity_at: '2030-01-01T10:00:00.000Z',
      created_at: '2030-01-01T10:00:00.000Z',
    },
  ];
  const { body } = await world.call('GET', '/conversations');
  expect(body).toEqual({ items: expected, next_cursor: null });
  const page = await world.call('GET', '/conversations?limit=1');
  const rest = await world.call('GET', `/conversations?limit=1&cursor=${page.body.next_cursor}`);
  expect([...(page.body.items ?? []), ...(rest.body.items ?? [])]).toEqual(expected);
});
