/** The simulated methods `views.*`. */
import type { JsonObject } from '../../../src/kernel/canonical-json.ts';
import { isObject } from '../../shared/json.ts';
import type { Answer } from '../../shared/simulator/server.ts';
import { viewFaults } from './block-limits.ts';
import { type Call, failed, type Method, missing, type Platform, succeeded } from './method.ts';
import { viewOf } from './objects.ts';
import type { View } from './views.ts';

/** https://docs.slack.dev/reference/methods/views.open: `view_too_large` above 250 kB. */
const maxViewBytes = 250_000;

export const viewMethods: Record<string, Method> = {
  'views.open': (platform, call) => {
    const source = sourceOf(call, 'modal', 'trigger_id');
    if ('status' in source) return source;
    const trigger = platform.triggers.exchange(call.args.text('trigger_id'), call.installation.key);
    if (typeof trigger === 'string') return failed(trigger);
    return shown(call, platform.views.open(call.installation.key, trigger.userId, source.view, trigger.id));
  },

  'views.push': (platform, call) => {
    const source = sourceOf(call, 'modal', 'trigger_id');
    if ('status' in source) return source;
    const trigger = platform.triggers.exchange(call.args.text('trigger_id'), call.installation.key);
    if (typeof trigger === 'string') return failed(trigger);
    const below = trigger.viewId === null ? null : platform.views.find(trigger.viewId);
    if (below === null || !below.open) return failed('not_found');
    const pushed = platform.views.push(below, source.view, trigger.id);
    return pushed === null ? failed('push_limit_reached') : shown(call, pushed);
  },

  'views.update': (platform, call) => {
    const source = sourceOf(call, null);
    if ('status' in source) return source;
    const view = named(platform, call);
    if (view === null || !view.open || view.installation !== call.installation.key)
      return failed('not_found');
    if (source.view.type !== view.type)
      return failed('invalid_arguments', ['[ERROR] the type may not change']);
    if (call.args.has('hash') && call.args.text('hash') !== view.hash) return failed('hash_conflict');
    platform.views.update(view, source.view);
    return shown(call, view);
  },

  'views.publish': (platform, call) => {
    const source = sourceOf(call, 'home', 'user_id');
    if ('status' in source) return source;
    const { key } = call.installation;
    const person = platform.world.user(call.installation, call.args.text('user_id'));
    if (person === null) return failed('user_not_found');
    const before = platform.views.home(key, person.platformUserId);
    if (call.args.has('hash') && before !== null && call.args.text('hash') !== before.hash) {
      return failed('hash_conflict');
    }
    return shown(call, platform.views.publish(key, person.platformUserId, source.view));
  },
};

/** The view of the call, or the refusal. */
function sourceOf(
  { args }: Call,
  type: 'modal' | 'home' | null,
  ...required: string[]
): { view: JsonObject } | Answer {
  const absent = missing(args, 'view', ...required);
  if (absent !== null) return absent;
  const view = args.structure('view');
  if (!isObject(view))
    return failed('invalid_arguments', ['[ERROR] must provide an object [json-pointer:/view]']);
  if (Buffer.byteLength(JSON.stringify(view)) > maxViewBytes) return failed('view_too_large');
  const faults = viewFaults(view);
  if (type !== null && view.type !== type)
    faults.unshift(`[ERROR] must be ${type} [json-pointer:/view/type]`);
  return faults.length > 0 ? failed('invalid_arguments', faults) : { view };
}

function named({ views }: Platform, { args, installation }: Call): View | null {
  if (args.has('view_id')) return views.find(args.text('view_id'));
  return args.has('external_id') ? views.findExternal(installation.key, args.text('external_id')) : null;
}

function shown({ installation }: Call, view: View): Answer {
  return succeeded({ view: viewOf(installation, view) });
}
