/** A platform without a wire: it accepts what it is given, at once or after a while, and tells who was told when. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { OutboundDelivery } from '../../src/kernel/notification.ts';
import type { BotPlatform, BotRuntime } from '../../src/kernel/platform.ts';
import { type RateLimit, windows } from '../../src/kernel/rate-limit.ts';

/** Never binding, and looked at all the same. */
const wideLimits: readonly RateLimit[] = [
  {
    name: 'organization',
    scope: 'app_organization',
    operations: ['send'],
    counted: 'each',
    windows: windows([1e9, 1]),
    source: 'the benchmark',
  },
  {
    name: 'conversation',
    scope: 'bot_conversation',
    operations: ['send'],
    counted: 'each',
    windows: windows([1e9, 1]),
    source: 'the benchmark',
  },
];

/** A real platform's names and rules, with limits that never bind. */
export function withWideLimits(platform: BotPlatform): BotPlatform {
  return { ...platform, limits: wideLimits };
}

/**
 * @param onWire called when a delivery leaves
 * @param latencyMs until it is accepted; 0: in the same turn
 */
export function inProcessRuntime(onWire: (delivery: OutboundDelivery) => void, latencyMs = 0): BotRuntime {
  let messages = 0;
  return {
    async deliver(delivery) {
      onWire(delivery);
      if (latencyMs > 0) await sleep(latencyMs);
      messages += 1;
      return { result: 'sent', messageId: `message-${messages}` };
    },
    lookUp: async () => ({ result: 'absent' }),
    withdraw: async () => ({ result: 'sent', messageId: null }),
    send: async () => ({ result: 'sent', messageId: null }),
    examine: async () => [],
    close: async () => undefined,
  };
}
