/** Teams in the load process: activities with the token of their connector; key documents, token endpoint, connector. */
import { messageActivity } from '../../bots/teams/simulator/activities.ts';
import { Identity } from '../../bots/teams/simulator/identity.ts';
import { createPerson, personalChat } from '../../bots/teams/simulator/people.ts';
import type { ApiAnswer, ApiCall, LoadSide } from '../load-side.ts';
import { teamsApp, teamsSetup } from './setup.ts';

export async function createTeamsLoad(): Promise<LoadSide> {
  const { appId } = teamsApp;
  const identity = await Identity.create([teamsApp]);
  return {
    answer: (call, apiUrl) => answer(identity, call, apiUrl),
    async speakers({ slug, people }, apiUrl) {
      const organization = teamsSetup.organizationOf(slug);
      const serviceUrl = `${apiUrl}/emea/${organization}/`;
      const authorization = `Bearer ${await identity.tokenFor(appId, serviceUrl)}`;
      const headers = { 'content-type': 'application/json; charset=utf-8', authorization };
      return people.map(({ key, name }) => {
        const person = createPerson(key, name);
        const conversation = personalChat(person, appId, organization);
        const scene = { appId, botName: 'Deskbridge', organization, serviceUrl, person, conversation };
        return {
          key,
          say: (text) => {
            const activity = messageActivity(scene, text);
            return { replyKey: String(activity.id), headers, body: JSON.stringify(activity) };
          },
        };
      });
    },
  };
}

function answer(identity: Identity, { url, headers, body }: ApiCall, apiUrl: string): ApiAnswer {
  if (url.includes('/v3/conversations/')) {
    if (headers.authorization === undefined) return { status: 401, body: {} };
    // `POST …/v3/conversations/<conversation>/activities/<id of the activity that is replied to>`
    const id = decodeURIComponent(url.slice(url.lastIndexOf('/') + 1));
    return { status: 201, body: { id: `reply-${id}` }, repliesTo: id };
  }
  if (url === '/openid') {
    const jwks = { jwks_uri: `${apiUrl}/keys`, id_token_signing_alg_values_supported: ['RS256'] };
    return { status: 200, body: { issuer: 'https://api.botframework.com', ...jwks } };
  }
  if (url === '/keys') return { status: 200, body: identity.keySet() };
  const authority = /^\/login\/([^/]+)\/oauth2\/v2\.0\/token$/.exec(url)?.[1];
  return authority === undefined
    ? { status: 404, body: {} }
    : identity.issue(authority, new URLSearchParams(body));
}
