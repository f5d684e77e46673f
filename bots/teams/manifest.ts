/** The app package that Teams takes: manifest, translations and icons in one zip file. */
import { zipSync } from 'fflate';
import {
  type AppSpec,
  type AppTexts,
  type ManifestFile,
  type ManifestRequest,
  publicAddress,
  publicHost,
} from '../../src/kernel/app-spec.ts';
import type { JsonObject } from '../../src/kernel/canonical-json.ts';
import { feedActivityType, feedTemplate } from './feed.ts';
import { resourcePermissions } from './graph-permissions.ts';
import { extensionCommands } from './invokes.ts';

/**
 * The newest version that Microsoft lists as generally available
 * (https://learn.microsoft.com/microsoft-365/extensibility/schema/, April 2026).
 */
export const manifestVersion = '1.27';

/** Teams shows no more than ten of a scope; titles and descriptions as its localization reference limits them. */
const maxCommands = 10;
const maxTitle = 32;
const maxText = 128;

/** A list for each place: the same commands, since groups understand them all. */
const commandScopes = [['personal'], ['team', 'groupChat']];

/** Zip files know no time zone and no time before 1980; a constant keeps the bytes the same for the same content. */
const zipTime = new Date(1980, 0, 1);

/** The package for the app of a registration. Pure: the same request gives the same bytes. */
export function teamsManifest(request: ManifestRequest): ManifestFile[] {
  const { spec } = request;
  const texts = [manifestJson(request), ...spec.translations.map(localizationJson)];
  const files = Object.fromEntries(texts.map(({ name, json }) => [name, encode(json)]));
  const icons = { 'color.png': spec.icons.color, 'outline.png': spec.icons.outline };
  return [
    {
      format: 'zip',
      contentType: 'application/zip',
      filename: 'deskbridge-teams.zip',
      body: zipSync({ ...files, ...icons }, { mtime: zipTime }),
    },
  ];
}

/** A JSON file of the package. */
export interface PackagedJson {
  name: string;
  json: JsonObject;
}

/** `manifest.json`. */
export function manifestJson({ spec, registration, publicUrl }: ManifestRequest): PackagedJson {
  const { texts, developer } = spec;
  const host = publicHost(publicUrl);
  const json = {
    $schema: schemaUrl('MicrosoftTeams.schema.json'),
    manifestVersion,
    version: spec.version,
    id: registration.appId,
    developer: {
      name: cut(developer.name, maxTitle),
      websiteUrl: publicAddress(publicUrl, developer.website),
      privacyUrl: publicAddress(publicUrl, developer.privacy),
      termsOfUseUrl: publicAddress(publicUrl, developer.terms),
    },
    name: { short: cut(texts.name, 30), full: cut(texts.name, 100) },
    description: { short: cut(texts.summary, 80), full: cut(texts.description, 4000) },
    icons: { color: 'color.png', outline: 'outline.png' },
    accentColor: spec.accentColor,
    localizationInfo: localizationInfo(spec),
    bots: [
      {
        botId: registration.appId,
        scopes: ['personal', 'team', 'groupChat'],
        isNotificationOnly: false,
        supportsFiles: false,
        commandLists: commandScopes.map((scopes) => ({ scopes, commands: commandsOf(texts) })),
      },
    ],
    composeExtensions: [
      {
        botId: registration.appId,
        commands: extensionsOf(texts),
        // Pasted links to our records are shown as their cards.
        messageHandlers: [{ type: 'link', value: { domains: [host] } }],
      },
    ],
    activities: {
      activityTypes: [
        {
          type: feedActivityType,
          description: cut(texts.summary, maxText),
          templateText: feedTemplate,
        },
      ],
    },
    permissions: ['identity', 'messageTeamMembers'],
    // The app by which Graph knows who may write to the activity feed and read back: the bot's own.
    webApplicationInfo: { id: registration.appId, resource: publicAddress(publicUrl, '/') },
    authorization: {
      permissions: { resourceSpecific: resourcePermissions.map((name) => ({ name, type: 'Application' })) },
    },
    validDomains: [host],
    defaultInstallScope: 'personal',
    defaultGroupCapability: { team: 'bot', groupchat: 'bot' },
  };
  return { name: 'manifest.json', json };
}

/** The same words in another language, by the path of what they replace. */
export function localizationJson(texts: AppTexts): PackagedJson {
  const json: JsonObject = {
    $schema: schemaUrl('MicrosoftTeams.Localization.schema.json'),
    'name.short': cut(texts.name, 30),
    'name.full': cut(texts.name, 100),
    'description.short': cut(texts.summary, 80),
    'description.full': cut(texts.description, 4000),
    'activities.activityTypes[0].description': cut(texts.summary, maxText),
  };
  for (const list of commandScopes.keys()) {
    for (const [index, { title, description }] of commandsOf(texts).entries()) {
      const path = `bots[0].commandLists[${list}].commands[${index}]`;
      Object.assign(json, { [`${path}.title`]: title, [`${path}.description`]: description });
    }
  }
  for (const [index, command] of extensionsOf(texts).entries()) {
    const path = `composeExtensions[0].commands[${index}]`;
    Object.assign(json, { [`${path}.title`]: command.title, [`${path}.description`]: command.description });
    for (const [place, { title, description }] of (command.parameters ?? []).entries()) {
      const parameter = `${path}.parameters[${place}]`;
      Object.assign(json, { [`${parameter}.title`]: title, [`${parameter}.description`]: description });
    }
  }
  return { name: localizationFile(texts), json };
}

function localizationInfo({ texts, translations }: AppSpec): JsonObject {
  return {
    defaultLanguageTag: texts.locale.toLowerCase(),
    additionalLanguages: translations.map((translation) => ({
      languageTag: translation.locale.toLowerCase(),
      file: localizationFile(translation),
    })),
  };
}

function localizationFile({ locale }: AppTexts): string {
  return `${locale.toLowerCase()}.json`;
}

function commandsOf(texts: AppTexts): { title: string; description: string }[] {
  return texts.commands
    .slice(0, maxCommands)
    .map(({ title, text }) => ({ title: cut(title, maxTitle), description: cut(text, maxText) }));
}

interface ExtensionCommand {
  [field: string]: string | boolean | string[] | ExtensionParameter[] | undefined;
  title: string;
  description: string;
  parameters?: ExtensionParameter[];
}

type ExtensionParameter = { name: string; title: string; description: string; inputType: string };

function extensionsOf({ gestures }: AppTexts): ExtensionCommand[] {
  const worded = (gesture: keyof typeof gestures) => ({
    title: cut(gestures[gesture].title, maxTitle),
    description: cut(gestures[gesture].text, maxText),
  });
  const search = worded('search_records');
  return [
    {
      id: extensionCommands.searchRecords,
      type: 'query',
      context: ['compose', 'commandBox'],
      ...search,
      initialRun: true,
      parameters: [{ name: 'query', ...search, inputType: 'text' }],
    },
    action(extensionCommands.createTicket, ['compose', 'commandBox'], worded('create_ticket')),
    action(extensionCommands.createTicketFromMessage, ['message'], worded('create_ticket_from_message')),
    action(extensionCommands.updateFromMessage, ['message'], worded('update_from_message')),
  ];
}

/** A command whose form we send when it is opened. */
function action(
  id: string,
  context: string[],
  words: { title: string; description: string },
): ExtensionCommand {
  return { id, type: 'action', context, ...words, fetchTask: true };
}

function schemaUrl(file: string): string {
  return `https://developer.microsoft.com/json-schemas/teams/v${manifestVersion}/${file}`;
}

function encode(json: JsonObject): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(json, null, 2)}\n`);
}

/** No longer than the platform takes, without half a character at the end. */
function cut(text: string, max: number): string {
  if (text.length <= max) return text;
  return `${text
    .slice(0, max - 1)
    .replace(/[\uD800-\uDBFF]$/, '')
    .trimEnd()}…`;
}
