/** Moments of the SLA watch. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { dueEvent, nextSlaMoment, slaRiskMoment } from '../../../src/desk/sla.ts';

const created = new Date('2026-11-20T09:00:00Z');
const minutes = (count: number) => new Date(created.getTime() + count * 60_000);
const ticket = { createdAt: created, closedAt: null, slaRiskAt: null, escalatedAt: null };

test('at 80 %, at least 15 minutes before the due time, never before creation', () => {
  expect(slaRiskMoment(created, minutes(600))).toEqual(minutes(480));
  expect(slaRiskMoment(created, minutes(60))).toEqual(minutes(45));
  expect(slaRiskMoment(created, minutes(10))).toEqual(created);
  expect(slaRiskMoment(created, minutes(-10))).toEqual(created);
});

test('an overdue ticket is escalated, not warned of', () => {
  const due = { ...ticket, dueAt: minutes(60) };
  expect(dueEvent(due, minutes(44))).toBeNull();
  expect(dueEvent(due, minutes(45))).toBe('sla_risk');
  expect(dueEvent(due, minutes(60))).toBe('escalation');
});

test('whenever it is looked at, each event is raised at most once, the warning first, and then nothing is left', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: -100, max: 10_000 }),
      fc.array(fc.integer({ min: 0, max: 11_000 }), { maxLength: 30 }),
      (dueIn, looks) => {
        let state: Parameters<typeof dueEvent>[0] = { ...ticket, dueAt: minutes(dueIn) };
        const raised: string[] = [];
        for (const look of [...looks.sort((a, b) => a - b), 20_000]) {
          const event = dueEvent(state, minutes(look));
          if (event === null) continue;
          raised.push(event);
          state = { ...state, [event === 'sla_risk' ? 'slaRiskAt' : 'escalatedAt']: minutes(look) };
        }
        expect([['escalation'], ['sla_risk', 'escalation']]).toContainEqual(raised);
        expect(nextSlaMoment(state)).toBeNull();
      },
    ),
  );
});
