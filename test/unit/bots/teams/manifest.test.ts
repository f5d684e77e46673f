/** The Teams app package against Microsoft's own schemas, and against what the adapter understands. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import Ajv from 'ajv-draft-04';
import addFormats from 'ajv-formats';
import fc from 'fast-check';
import { strFromU8, unzipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { feedActivityType } from '../../../../bots/teams/feed.ts';
import { extensionCommands, intentOfInvoke } from '../../../../bots/teams/invokes.ts';
import {
  localizationJson,
  manifestJson,
  manifestVersion,
  teamsManifest,
} from '../../../../bots/teams/manifest.ts';
import { appSpec } from '../../../../manifests/app-spec.ts';
import type { ManifestRequest } from '../../../../src/kernel/app-spec.ts';

const require = createRequire(import.meta.url);

/** Validates by a schema that the package ships for our version of the manifest. */
function validator(file: string): (json: unknown) => unknown {
  const path = `@microsoft/app-manifest/build/json-schemas/teams/v${manifestVersion}/${file}`;
  const { $schema: _, ...schema } = JSON.parse(readFileSync(require.resolve(path), 'utf8'));
  const ajv = new Ajv.default({ strict: false, allErrors: true, unicodeRegExp: false });
  addFormats.default(ajv);
  const validate = ajv.compile(schema);
  return (json) => (validate(json) ? [] : validate.errors);
}

const manifestFaults = validator('MicrosoftTeams.schema.json');
const localizationFaults = validator('MicrosoftTeams.Localization.schema.json');

const appId = '0f4e8a1c-1111-4222-8333-444455556666';
const request: ManifestRequest = {
  spec: appSpec(),
  registration: {
    registrationId: '01998877-0000-7000-8000-000000000001',
    appId,
    organization: '11111111-1111-4111-8111-111111111111',
    options: {},
  },
  publicUrl: 'https://desk.example.com/chat/',
};
const { json } = manifestJson(request);

interface Command {
  id: string;
  title: string;
  description: string;
  type: string;
  context: string[];
}
const [bot] = json.bots as unknown as {
  botId: string;
  commandLists: { scopes: string[]; commands: Command[] }[];
}[];
const [extension] = json.composeExtensions as unknown as { botId: string; commands: Command[] }[];

describe('the manifest', () => {
  it("is valid by Microsoft's schema", () => {
    expect(manifestFaults(json)).toEqual([]);
  });

  it('and the schema sees what is wrong', () => {
    expect(manifestFaults({ ...json, id: '{{APP_ID}}' })).not.toEqual([]);
    expect(manifestFaults({ ...json, surprise: 1 })).not.toEqual([]);
  });

  it('stays valid with texts of any length', () => {
    const sized = (maxLength: number) =>
      fc.oneof(fc.string({ maxLength, size: 'max' }), fc.string({ maxLength, size: 'max', unit: 'binary' }));
    const text = sized(4500);
    const described = fc.record({ title: sized(60), text: sized(200) });
    const { texts } = request.spec;
    fc.assert(
      fc.property(
        text,
        text,
        described,
        fc.array(described, { maxLength: 20 }),
        (name, summary, one, many) => {
          const gestures = { ...texts.gestures, search_records: one, create_ticket: one };
          const worded = { ...texts, name, summary, description: summary, commands: many, gestures };
          const spec = { ...request.spec, texts: worded, developer: { ...request.spec.developer, name } };
          expect(manifestFaults(manifestJson({ ...request, spec }).json)).toEqual([]);
        },
      ),
      // Shrinking texts of this length takes minutes, and the first counterexample says it all.
      { numRuns: 50, endOnFailure: true },
    );
  });

  it("holds the registration's app and the public host, by https", () => {
    expect(json).toMatchObject({
      id: appId,
      bots: [{ botId: appId }],
      composeExtensions: [{ botId: appId, messageHandlers: [{ value: { domains: ['desk.example.com'] } }] }],
      validDomains: ['desk.example.com'],
      developer: { websiteUrl: 'https://desk.example.com/chat/' },
    });
    const local = manifestJson({ ...request, publicUrl: 'http://127.0.0.1:3978' }).json;
    expect(local).toMatchObject({
      validDomains: ['127.0.0.1'],
      developer: { privacyUrl: 'https://127.0.0.1:3978/' },
    });
  });

  it('asks for what the activity feed and reading back take, and declares the entry that is sent', () => {
    expect(json).toMatchObject({
      webApplicationInfo: { id: appId },
      activities: { activityTypes: [{ type: feedActivityType, templateText: '{title}' }] },
      authorization: {
        permissions: {
          resourceSpecific: [
            { name: 'TeamsActivity.Send.User', type: 'Application' },
            { name: 'ChannelMessage.Read.Group', type: 'Application' },
            { name: 'ChatMessage.Read.Chat', type: 'Application' },
            { name: 'ChatMessageReadReceipt.Read.Chat', type: 'Application' },
          ],
        },
      },
    });
  });

  it('lists ten commands for each place, short enough for Teams', () => {
    expect(bot?.commandLists.flatMap(({ scopes }) => scopes)).toEqual(['personal', 'team', 'groupChat']);
    for (const { commands } of bot?.commandLists ?? []) {
      expect(commands).toHaveLength(10);
      for (const { title, description } of commands) {
        expect(title.length).toBeLessThanOrEqual(32);
        expect(description.length).toBeLessThanOrEqual(128);
      }
    }
  });

  it('names the commands that the adapter answers', () => {
    const commands = extension?.commands ?? [];
    expect(commands.map(({ id }) => id).sort()).toEqual(Object.values(extensionCommands).sort());
    for (const { id, type, context } of commands) {
      const invoke = type === 'query' ? 'composeExtension/query' : 'composeExtension/fetchTask';
      const kind = type === 'query' ? 'search' : 'open_form';
      expect(intentOfInvoke(invoke, { commandId: id, parameters: [] })).toMatchObject({ kind });
      expect(context).toEqual(id.endsWith('FromMessage') ? ['message'] : ['compose', 'commandBox']);
    }
  });
});

describe('a translation', () => {
  const [chinese] = request.spec.translations;
  if (chinese === undefined) throw new Error('no translation');
  const translated = localizationJson(chinese);

  it("is valid by Microsoft's schema, and named in the manifest", () => {
    expect(localizationFaults(translated.json)).toEqual([]);
    expect(json.localizationInfo).toEqual({
      defaultLanguageTag: 'en',
      additionalLanguages: [{ languageTag: 'zh-cn', file: 'zh-cn.json' }],
    });
  });

  it('replaces only what there is', () => {
    for (const path of Object.keys(translated.json).filter((key) => key !== '$schema')) {
      const steps = path.match(/[^.[\]]+/g) ?? [];
      const original = steps.reduce<unknown>((node, step) => (node as Record<string, unknown>)[step], json);
      expect(original, path).toEqual(expect.any(String));
    }
  });
});

describe('the package', () => {
  const [file] = teamsManifest(request);
  const entries = unzipSync(file?.body as Uint8Array);

  it('is a zip file of manifest, translation and icons at its root', () => {
    expect(file).toMatchObject({ format: 'zip', contentType: 'application/zip' });
    expect(Object.keys(entries).sort()).toEqual(['color.png', 'manifest.json', 'outline.png', 'zh-cn.json']);
    expect(JSON.parse(strFromU8(entries['manifest.json'] ?? new Uint8Array()))).toEqual(json);
    expect(Buffer.from(entries['color.png'] ?? [])).toEqual(Buffer.from(request.spec.icons.color));
  });

  it('is the same bytes each time', () => {
    expect(teamsManifest(request)).toEqual([file]);
  });
});
