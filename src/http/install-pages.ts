/** What an administrator reads while installing the app in a workspace. */
import { escapeHtml, page } from './page.ts';

export interface InstallFacts {
  /** The platform's name as people write it. */
  platform: string;
  organization: string;
  appId: string;
  consentUrl: string;
}

/** What went wrong by its code, and what to do. */
const reasons: Readonly<Record<string, string>> = {
  link_not_valid:
    'This link is not valid any more, or was opened in another browser. Ask the administrator of your desk for a new one.',
  stale_card: 'This link was used before. Ask the administrator of your desk for a new one.',
  access_denied: 'The installation was cancelled. Open the link again when you are ready.',
  another_app: 'The consent was given to another app than the one that was registered.',
  another_organization:
    'The app was installed in another workspace than the one that was registered. Choose the right workspace at the top right of the consent page.',
  client_missing:
    "The registration lacks the app's client id and client secret. The administrator of your desk has to enter them first.",
  credentials_changed: 'The registration was changed meanwhile. Open the link that it shows now.',
  registration_taken: 'This workspace is enrolled already.',
};

/** The first page: what is about to happen, and the one button. */
export function installPage(facts: InstallFacts): string {
  const name = escapeHtml(facts.platform);
  return page(`<h1>Install Deskbridge in ${name}</h1>
<p>You are about to connect the workspace <code>${escapeHtml(facts.organization)}</code> with your service desk, by the app
<code>${escapeHtml(facts.appId)}</code>. ${name} asks for your consent on its own page and brings you back here.</p>
<p><a class="button" href="${escapeHtml(facts.consentUrl)}">Continue to ${name}</a></p>`);
}

/** The last page. */
export function installedPage(facts: Pick<InstallFacts, 'platform' | 'organization'>): string {
  return page(`<h1>Deskbridge is installed</h1>
<p>The workspace <code>${escapeHtml(facts.organization)}</code> is connected. Write <code>help</code> to the bot in
${escapeHtml(facts.platform)} to begin; you can close this page.</p>`);
}

/** The page of a refusal. @param reason our code or the platform's */
export function installRefusedPage(reason: string): string {
  return page(`<h1>The app was not installed</h1>
<p>${escapeHtml((Object.hasOwn(reasons, reason) ? reasons[reason] : undefined) ?? 'The platform refused the installation. Ask the administrator of your desk.')}</p>
<p class="quiet">Code: <code>${escapeHtml(reason)}</code></p>`);
}
