/** Messages and views in the shape in which the Web API and interactions show them. */
import type { JsonObject } from '../../../src/kernel/canonical-json.ts';
import type { OracleMessage } from './oracle.ts';
import { blockIdOf, blocksOf } from './read-card.ts';
import type { View } from './views.ts';
import type { Installation } from './world.ts';

/** A message as the Web API and interactions show it. */
export function messageOf(installation: Installation, message: OracleMessage): JsonObject {
  const { content } = message;
  const byBot = message.installation !== null;
  const wasEdited = message.history.some(({ kind }) => kind === 'update');
  return {
    type: 'message',
    user: message.userId,
    ts: message.ts,
    text: content.text,
    team: installation.teams[0]?.id,
    ...(byBot ? { bot_id: installation.botId, app_id: installation.appId } : {}),
    ...(message.threadTs === null ? {} : { thread_ts: message.threadTs }),
    ...(content.blocks.length > 0 ? { blocks: withBlockIds(content.blocks) } : {}),
    ...(wasEdited ? { edited: { user: message.userId, ts: `${message.ts.slice(0, -6)}000000` } } : {}),
  };
}

/** A view as the Web API and interactions show it. */
export function viewOf(installation: Installation, view: View): JsonObject {
  return {
    private_metadata: '',
    callback_id: '',
    external_id: '',
    clear_on_close: false,
    notify_on_close: false,
    close: null,
    submit: null,
    ...view.source,
    id: view.id,
    team_id: installation.teams[0]?.id,
    app_installed_team_id: installation.organization,
    blocks: withBlockIds(blocksOf(view.source)),
    state: { values: {} },
    hash: view.hash,
    root_view_id: view.rootId,
    previous_view_id: view.previousId,
    app_id: installation.appId,
    bot_id: installation.botId,
  };
}

function withBlockIds(blocks: readonly JsonObject[]): JsonObject[] {
  return blocks.map((block, index) => ({ ...block, block_id: blockIdOf(block, index) }));
}
