/** The fold of a registration over any stream of events. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  applyEvent,
  foldRegistration,
  type RegistrationEvent,
  type StoredEvent,
} from '../../../src/registrations/registration.ts';

const registered = {
  type: 'registered',
  data: {
    platform: 'teams',
    name: 'A',
    app_id: 'app',
    organization: 'org',
    options: { cloud: 'public' },
    status: 'pending',
  },
} as const satisfies RegistrationEvent;

const anyEvent: fc.Arbitrary<RegistrationEvent> = fc.oneof(
  fc.constantFrom<RegistrationEvent>(
    registered,
    { ...registered, data: { ...registered.data, app_id: 'other', status: 'active' } },
    { type: 'approved', data: {} },
    { type: 'credentials_replaced', data: { fields: ['client_secret'] } },
    { type: 'retired', data: { reason: 'gone' } },
  ),
  fc
    .record({ name: fc.string() }, { requiredKeys: [] })
    .map((data) => ({ type: 'changed', data }) as RegistrationEvent),
);

function stream(events: readonly RegistrationEvent[]): StoredEvent[] {
  return events.map((event, index) => ({ version: index + 1, occurredAt: new Date(index * 1_000), event }));
}

describe('the fold of a registration', () => {
  test('follows its life', () => {
    const life = stream([
      registered,
      { type: 'changed', data: { name: 'B' } },
      { type: 'approved', data: {} },
      { type: 'changed', data: { options: { cloud: 'gcch' } } },
      { type: 'credentials_replaced', data: { fields: ['client_secret'] } },
    ]);
    expect(foldRegistration(life)).toEqual({
      platform: 'teams',
      name: 'B',
      app_id: 'app',
      organization: 'org',
      options: { cloud: 'gcch' },
      status: 'active',
      version: 5,
      created_at: new Date(0),
      updated_at: new Date(4_000),
    });
  });

  test('is null without a beginning', () => {
    expect(foldRegistration([])).toBeNull();
    expect(foldRegistration(stream([{ type: 'approved', data: {} }]))).toBeNull();
  });

  test('never revives what is retired, moves it to another organization, or forgets when it began', () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 30 }), (events) => {
        const states: ReturnType<typeof applyEvent>[] = [];
        for (const stored of stream([registered, ...events])) {
          states.push(applyEvent(states.at(-1) ?? null, stored));
        }
        const retiredAt = events.findIndex((event) => event.type === 'retired');
        for (const [index, state] of states.entries()) {
          expect(state).toMatchObject({
            app_id: 'app',
            organization: 'org',
            created_at: new Date(0),
            version: index + 1,
          });
          if (retiredAt !== -1 && index > retiredAt) {
            expect(state).toEqual({ ...states[retiredAt + 1], version: index + 1 });
          }
        }
      }),
    );
  });
});
