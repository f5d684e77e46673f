/** Where Slack may be spoken to: the API's base, and the response URLs that are believed. */
import { describe, expect, it } from 'vitest';
import { apiBaseOf, isTrustedResponseUrl, readSettings } from '../../../../bots/slack/settings.ts';

const slackApi = 'https://slack.com/api/';
const local = 'http://127.0.0.1:4003/api/';

describe('the base of the API', () => {
  it.each([
    [{}, slackApi],
    [{ apiUrl: null }, slackApi],
    [{ apiUrl: '' }, slackApi],
    [{ apiUrl: 'https://proxy.example/api' }, 'https://proxy.example/api/'],
    [{ apiUrl: local, demoApiUrl: 'http://127.0.0.1:1/api/' }, local],
  ])('of %o', (settings, base) => {
    expect(apiBaseOf({ demo: false }, readSettings(settings))).toBe(base);
  });

  it.each([
    [{ demoApiUrl: local }, local],
    [{ apiUrl: 'http://localhost:4003/api' }, 'http://localhost:4003/api/'],
    [{ apiUrl: local, demoApiUrl: 'http://[::1]:1/' }, 'http://[::1]:1/'],
    [{}, null],
    [{ demoApiUrl: 'https://127.0.0.1.evil.example/api/' }, null],
  ])('of the demo with %o', (settings, base) => {
    expect(apiBaseOf({ demo: true }, readSettings(settings))).toBe(base);
  });
});

describe('a response URL', () => {
  it('is believed on Slack’s own host, over TLS', () => {
    expect(isTrustedResponseUrl('https://hooks.slack.com/actions/T0ACME/1/x', slackApi)).toBe(true);
    for (const url of [
      'http://hooks.slack.com/x',
      'https://hooks.slack.com:8443/x',
      'https://hooks.slack.com.evil.example/x',
      'https://user:pass@hooks.slack.com/x',
      'https://slack.com/api/x',
      'http://127.0.0.1:4003/response/1',
      'no url',
      '',
    ]) {
      expect(isTrustedResponseUrl(url, slackApi), url).toBe(false);
    }
  });

  it('is believed on the host of an API on this machine', () => {
    expect(isTrustedResponseUrl('http://127.0.0.1:4003/response/1', local)).toBe(true);
    for (const url of ['http://127.0.0.1:4004/x', 'https://127.0.0.1:4003/x', 'https://hooks.slack.com/x']) {
      expect(isTrustedResponseUrl(url, local), url).toBe(false);
    }
  });
});
