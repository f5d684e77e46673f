/** The pages of an installation by the platform's consent: the start, and where the platform sends the browser back. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { type Request, type Response, Router } from 'express';
import { DeskbridgeError } from '../kernel/errors.ts';
import {
  consentUrl,
  finishInstallation,
  type InstallDependencies,
  type OpenInstallation,
  openInstallation,
} from '../registrations/install-links.ts';
import { installedPage, installPage, installRefusedPage } from './install-pages.ts';

/** Binds the consent to the browser that opened the link, so that nobody else's consent can be slipped in. */
const cookieName = 'deskbridge_install';
const cookieSeconds = 1_800;

export function installRoutes(deps: InstallDependencies): Router {
  const router = Router();
  router.get('/oauth/:platform/install', async (request, response) => {
    const state = queryText(request, 'state');
    const open = await openInstallation(deps, request.params.platform, state);
    if (open === null) return refuse(response, 404, 'link_not_valid');
    response.cookie(cookieName, fingerprint(state), {
      httpOnly: true,
      sameSite: 'lax',
      secure: deps.publicUrl.startsWith('https:'),
      path: '/oauth',
      maxAge: cookieSeconds * 1_000,
    });
    const { organization, appId } = open.registration;
    const platform = deps.platforms.get(open.platform)?.name ?? open.platform;
    const href = await consentUrl(deps, open, state);
    if (href === null) return refuse(response, 409, 'client_missing');
    response.type('html').send(installPage({ platform, organization, appId, consentUrl: href }));
  });
  router.get('/oauth/:platform/callback', async (request, response) => {
    await complete(deps, request, response);
  });
  return router;
}

async function complete(deps: InstallDependencies, request: Request, response: Response): Promise<void> {
  const state = queryText(request, 'state');
  const open = await openInstallation(deps, String(request.params.platform), state);
  if (open === null || !isSameBrowser(request, state)) return refuse(response, 400, 'link_not_valid');
  const refusal = queryText(request, 'error');
  if (refusal !== '') return refuse(response, 400, refusal);
  try {
    await finishInstallation(deps, open, queryText(request, 'code'));
  } catch (error) {
    if (!(error instanceof DeskbridgeError)) throw error;
    // A page that is loaded again after its success says what is so.
    if (error.code === 'stale_card' && open.registration.status === 'active')
      return showInstalled(deps, open, response);
    const reason = error.code === 'conflict' ? (error.detail ?? error.code) : error.code;
    return refuse(response, error.code === 'unavailable' ? 503 : 409, reason);
  }
  showInstalled(deps, open, response);
}

function showInstalled(deps: InstallDependencies, open: OpenInstallation, response: Response): void {
  const platform = deps.platforms.get(open.platform)?.name ?? open.platform;
  response.type('html').send(installedPage({ platform, organization: open.registration.organization }));
}

function refuse(response: Response, status: number, reason: string): void {
  response.status(status).type('html').send(installRefusedPage(reason));
}

function isSameBrowser(request: Request, state: string): boolean {
  const cookie = (request.headers.cookie ?? '')
    .split(';')
    .map((pair) => pair.trim())
    .find((pair) => pair.startsWith(`${cookieName}=`));
  const given = Buffer.from(cookie?.slice(cookieName.length + 1) ?? '');
  const expected = Buffer.from(fingerprint(state));
  return given.length === expected.length && timingSafeEqual(given, expected);
}

function fingerprint(state: string): string {
  return createHash('sha256').update(state).digest('hex');
}

function queryText(request: Request, name: string): string {
  const value = request.query[name];
  return typeof value === 'string' ? value.slice(0, 1_000) : '';
}
