/** Events besides what people say to the bot: the App Home page, copies of mentions, and what the bot must ignore. */
import type { JsonObject } from '../../../src/kernel/canonical-json.ts';
import type { Noise } from '../../../src/kernel/simulated-chat.ts';
import { membershipEvent, messageEvent } from './events.ts';
import { stableId } from './people.ts';
import type { Scene } from './world.ts';

/** The person opened the bot's page, or its messages; `view` is the page as it stands. */
export function homeEvent(
  { person, conversation }: Scene,
  tab: 'home' | 'messages',
  ts: string,
  view: JsonObject | null,
): JsonObject {
  return {
    type: 'app_home_opened',
    user: person.platformUserId,
    channel: conversation.id,
    tab,
    event_ts: ts,
    ...(view === null ? {} : { view }),
  };
}

/** The `message` that stands beside an `app_mention`. */
export function messageBeside(scene: Scene, mention: JsonObject): JsonObject {
  const { channel_type } = messageEvent(scene, '', '');
  return { ...mention, type: 'message', channel_type };
}

/** An event that concerns the conversation and not the bot. */
export function noiseEvent(kind: Noise, scene: Scene, nextTs: () => string): JsonObject {
  const { conversation, installation, person } = scene;
  const ts = nextTs();
  const written = messageEvent(scene, 'noise', ts);
  const { user: _nobody, client_msg_id: _none, ...unsigned } = written;
  const hidden = {
    type: 'message',
    hidden: true,
    channel: conversation.id,
    channel_type: written.channel_type,
  };
  const bare = { type: 'message', user: person.platformUserId, text: 'noise', ts };
  switch (kind) {
    case 'bot':
      return {
        ...unsigned,
        subtype: 'bot_message',
        bot_id: stableId('B', 'another bot'),
        username: 'Another',
      };
    case 'echo': {
      const { botUserId: user, botId: bot_id, appId: app_id } = installation;
      return { ...unsigned, user, bot_id, app_id, bot_profile: { id: bot_id, app_id } };
    }
    case 'edit': {
      const at = nextTs();
      const edited = { user: person.platformUserId, ts: at };
      const message = { ...bare, text: 'noise, edited', edited };
      return { ...hidden, subtype: 'message_changed', message, previous_message: bare, ts: at, event_ts: at };
    }
    case 'deletion': {
      const at = nextTs();
      return {
        ...hidden,
        subtype: 'message_deleted',
        deleted_ts: ts,
        previous_message: bare,
        ts: at,
        event_ts: at,
      };
    }
    case 'join':
      return membershipEvent(scene, 'member_joined_channel', person.platformUserId, ts);
  }
}
