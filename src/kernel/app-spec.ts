/** The app as its manifests describe it: written once, and turned by each platform into the form that it takes. */
import type { JsonObject } from './canonical-json.ts';

/** What can be started without typing, by the id of the action that it runs. */
export const gestures = [
  'search_records',
  'create_ticket',
  'create_ticket_from_message',
  'update_from_message',
] as const;
export type Gesture = (typeof gestures)[number];

/** A title and a sentence about it. */
export interface Described {
  title: string;
  text: string;
}

/** An entry of the bot's menu: it runs an action, or holds entries that do. */
export type MenuEntry =
  | { label: string; action: string }
  | { label: string; entries: readonly { label: string; action: string }[] };

/** What people read about the app in one language; each platform checks lengths of its own. */
export interface AppTexts {
  /** BCP 47 tag, e.g. `zh-CN`. */
  locale: string;
  name: string;
  /** One line. */
  summary: string;
  description: string;
  /** Commands by the words that begin them, the most useful first: a platform that lists few takes the first. */
  commands: readonly Described[];
  gestures: Readonly<Record<Gesture, Described>>;
  slashCommand: { text: string; hint: string };
  menu: readonly MenuEntry[];
}

export interface AppSpec {
  /** SemVer. Platforms take an update of the app by it. */
  version: string;
  /** With its slash. */
  slashCommand: string;
  /** `#rrggbb` */
  accentColor: string;
  /** Whoever runs the service; the pages are paths below the public URL. */
  developer: { name: string; website: string; privacy: string; terms: string };
  /** PNG files: 192 × 192 in colour, 32 × 32 white on transparent. */
  icons: { color: Uint8Array; outline: Uint8Array };
  /** English, which also stands for languages without texts of their own. */
  texts: AppTexts;
  translations: readonly AppTexts[];
}

/** For which installation a manifest is. */
export interface ManifestRequest {
  spec: AppSpec;
  registration: {
    registrationId: string;
    appId: string;
    organization: string;
    options: JsonObject;
  };
  /** Where people and platforms reach the service. */
  publicUrl: string;
}

/** A manifest in one form. */
export interface ManifestFile {
  format: 'json' | 'yaml' | 'zip';
  contentType: string;
  filename: string;
  body: string | Uint8Array;
}

/**
 * An address below the public URL as a manifest names it: https whatever `publicUrl` says, since the platforms take
 * no other, and TLS ends in front of the service.
 */
export function publicAddress(publicUrl: string, path: string): string {
  return `https://${publicUrl.replace(/^[a-z]+:\/\//i, '').replace(/\/+$/, '')}${path}`;
}

/** The host that people's links name, without port. */
export function publicHost(publicUrl: string): string {
  const [authority = ''] = publicUrl.replace(/^[a-z]+:\/\//i, '').split(/[/?#]/, 1);
  return authority.replace(/:\d*$/, '');
}
