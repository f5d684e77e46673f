/** The pacing simulation: hours of traffic on a virtual clock, workers killed, a platform that enforces its limits exactly. */
import { lark } from '../../bots/lark/index.ts';
import { slack } from '../../bots/slack/index.ts';
import { teams } from '../../bots/teams/index.ts';
import { overrideLimits } from '../../src/kernel/rate-limit.ts';
import { type LaneTraffic, SimulatedLane } from './pacing-lane.ts';
import { SimulatedWorker } from './pacing-worker.ts';
import { QuickRandom, VirtualTime } from './virtual-time.ts';

export interface PacingFigures {
  lane: string;
  window: string;
  sent: number;
  replies: number;
  /** Calls that the platform refused: each would have exceeded a published window. */
  throttled: number;
  duplicates: number;
  /** Of limit less reserve. */
  utilisation: number;
  goal: number;
  longestReplyWaitMs: number;
}

export interface BroadcastFigures {
  perSecond: number;
  minutes: number;
  /** What limit less reserve needs. */
  leastMinutes: number;
  throttled: number;
  duplicates: number;
}

export interface PacingResult {
  hours: number;
  seed: number;
  kills: number;
  lanes: PacingFigures[];
  broadcasts: BroadcastFigures[];
  /** Sentences; empty when everything holds. */
  violations: string[];
}

const workers = 4;
const killEveryMs = 60_000;
const restartMs = 3_000;
const reserve = 0.1;
const broadcastTo = 90_000;
const broadcastSlack = 1.02;

/** Wide lanes are bound by their organization, narrow ones by their conversations; replies are 5 % of the traffic. */
const traffic: readonly LaneTraffic[] = [
  lane('teams, everybody', teams.limits, 90_000, 2_000, 27, [30, 1, 'organization']),
  lane('lark, everybody', lark.limits, 90_000, 2_000, 15, [1_000, 60, 'organization']),
  lane('slack, everybody', slack.limits, 90_000, 2_000, 4.5, [300, 60, 'organization']),
  lane('teams, 20 people', teams.limits, 20, 1_000, 10, [1_800, 3_600, 'conversation']),
  lane('slack, 4 people', slack.limits, 4, 200, 4, [1, 1, 'conversation']),
  lane('lark, 2 people', lark.limits, 2, 200, 10, [5, 1, 'conversation']),
];

function lane(
  name: string,
  limits: LaneTraffic['limits'],
  conversations: number,
  stock: number | null,
  perSecond: number,
  [calls, seconds, each]: [number, number, LaneTraffic['binding']['each']],
): LaneTraffic {
  const repliesPerSecond = perSecond * 0.05;
  return { name, limits, conversations, stock, repliesPerSecond, binding: { calls, seconds, each } };
}

/** @param hours of traffic; the broadcasts come on top */
export function runPacing({ hours, seed }: { hours: number; seed: number }): PacingResult {
  const time = new VirtualTime();
  const lanes = traffic.map((one) => new SimulatedLane(time, one, seed));
  const kills = startWorkers(time, lanes, seed);
  const seconds = hours * 3_600;
  time.run(time.now + seconds * 1_000);
  const figures = lanes.map((one) => figuresOf(one, seconds));
  const broadcasts = [30, 50].map((perSecond) => broadcast(perSecond, seed));
  const violations = [...figures.flatMap(laneViolations), ...broadcasts.flatMap(broadcastViolations)];
  return { hours, seed, kills: kills(), lanes: figures, broadcasts, violations };
}

/** Four workers; every minute one is killed, and starts again without a memory. */
function startWorkers(time: VirtualTime, lanes: readonly SimulatedLane[], seed: number): () => number {
  const random = new QuickRandom(seed, 'kills');
  const share = Math.ceil(lanes.length / workers);
  const running = Array.from({ length: workers }, () => new SimulatedWorker(time, lanes, share));
  let kills = 0;
  const kill = () => {
    const victim = random.below(workers);
    running[victim]?.kill();
    kills += 1;
    time.after(restartMs, () => {
      running[victim] = new SimulatedWorker(time, lanes, share);
    });
    time.after(killEveryMs, kill);
  };
  // At any moment of the lease.
  time.after(killEveryMs + random.below(1_000), kill);
  return () => kills;
}

/** One announcement to everybody in one tenant, whose conversations are known; one worker, which lives. */
function broadcast(perSecond: number, seed: number): BroadcastFigures {
  const time = new VirtualTime();
  const began = time.now;
  const limits = overrideLimits(teams.limits, { organization_requests: perSecond });
  const left = perSecond * (1 - reserve);
  const name = `announcement at ${perSecond}`;
  const all = lane(name, limits, broadcastTo, null, left, [perSecond, 1, 'organization']);
  const lanes = [new SimulatedLane(time, all, seed)];
  new SimulatedWorker(time, lanes, 1);
  const [only] = lanes;
  time.run(began + 4 * 3_600_000, () => only?.ready.size === 0);
  return {
    perSecond,
    minutes: (time.now - began) / 60_000,
    leastMinutes: broadcastTo / left / 60,
    throttled: only?.platform.throttled ?? 0,
    duplicates: only?.duplicates ?? 0,
  };
}

function figuresOf(one: SimulatedLane, seconds: number): PacingFigures {
  const { traffic, sent, replied, duplicates, longestReplyWaitMs, platform } = one;
  const { calls, seconds: length, each } = traffic.binding;
  const ofAll = each === 'organization';
  const left = ofAll ? calls - Math.ceil(calls * reserve) : calls * traffic.conversations;
  // A reply fills its conversation's window too, without waiting for it: hence now and then more than all.
  const used = ofAll ? sent : sent + replied;
  return {
    lane: traffic.name,
    window: `${calls} in ${length} s, ${ofAll ? 'all together' : 'each'}`,
    sent,
    replies: replied,
    throttled: platform.throttled,
    duplicates,
    utilisation: used / ((left * seconds) / length),
    goal: length >= 30 ? 0.99 : 0.95,
    longestReplyWaitMs,
  };
}

function laneViolations({ lane: name, throttled, duplicates, utilisation, goal }: PacingFigures): string[] {
  return [
    ...(throttled > 0 ? [`${name}: a window was exceeded ${throttled} times`] : []),
    ...(duplicates > 0 ? [`${name}: ${duplicates} deliveries were seen twice`] : []),
    ...(utilisation < goal
      ? [`${name}: only ${percent(utilisation)} of the limit less reserve were used`]
      : []),
  ];
}

function broadcastViolations({
  perSecond,
  minutes,
  leastMinutes,
  throttled,
  duplicates,
}: BroadcastFigures): string[] {
  const name = `announcement at ${perSecond}/s`;
  return [
    ...(throttled > 0 ? [`${name}: a window was exceeded ${throttled} times`] : []),
    ...(duplicates > 0 ? [`${name}: ${duplicates} deliveries were seen twice`] : []),
    ...(minutes > leastMinutes * broadcastSlack
      ? [`${name}: took ${minutes.toFixed(1)} instead of ${leastMinutes.toFixed(1)} min`]
      : []),
  ];
}

/** The figures as a table. */
export function pacingText({ hours, seed, kills, lanes, broadcasts, violations }: PacingResult): string {
  const rows = lanes.map((one) =>
    [
      one.lane.padEnd(18),
      one.window.padEnd(27),
      `${one.sent}`.padStart(9),
      `${one.replies}`.padStart(8),
      `${one.throttled}`.padStart(5),
      percent(one.utilisation).padStart(9),
      percent(one.goal).padStart(9),
      `${Math.round(one.longestReplyWaitMs)}`.padStart(8),
    ].join(' '),
  );
  const header =
    'lane               binding window                   sent  replies   429      used      goal  wait ms';
  const announcements = broadcasts.map(
    ({ perSecond, minutes, leastMinutes, throttled }) =>
      `${broadcastTo} people at ${perSecond}/s: ${minutes.toFixed(1)} min, at least ${leastMinutes.toFixed(1)} (${percent(minutes / leastMinutes)}), 429: ${throttled}`,
  );
  const verdict = violations.length === 0 ? ['everything holds'] : violations;
  return [
    `chaos pacing: ${hours} h, seed ${seed}, ${workers} workers, ${kills} kills`,
    header,
    ...rows,
    ...announcements,
    ...verdict,
  ].join('\n');
}

function percent(share: number): string {
  return `${(share * 100).toFixed(2)} %`;
}
