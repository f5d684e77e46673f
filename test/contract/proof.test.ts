/** Who is believed on the platforms that sign their requests, over HTTP as an attacker or another customer would try it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/kernel/canonical-json.ts';
import { type Enrolled, nextId, nextNumber, ProofBench } from '../support/proof-bench.ts';
import {
  encryptLark,
  larkDialect,
  larkTokenOf,
  type Sender,
  type Signed,
  signLark,
  signSlack,
  slackDialect,
} from '../support/signing.ts';

describe.each([slackDialect, larkDialect].map((dialect) => ({ on: dialect.platform, dialect })))(
  'on $on',
  ({ dialect }) => {
    let bench: ProofBench;
    beforeAll(async () => {
      bench = await ProofBench.start(dialect);
    });
    afterAll(() => bench.world.close());

    describe('a request that is not authentic gets 401, an empty body, a labelled metric, and leaves nothing', () => {
      it.each(dialect.refusals)('%s (%s)', async (_name, reason, make) => {
        const sender = bench.sender('acme');
        const path = dialect.path(sender.registrationId);
        await bench.expectRefused(401, reason, () => bench.post(path, make(bench.message(sender), sender)));
      });

      it('to the address of an unknown registration', async () => {
        const sender = bench.sender('acme');
        const signed = dialect.sign(bench.message(sender), sender.secret);
        for (const id of ['00000000-0000-4000-8000-000000000000', 'no-id', '%00']) {
          await bench.expectRefused(401, 'unknown_registration', () => bench.post(dialect.path(id), signed));
        }
      });
    });

    it('an authentic request of an organization that is not enrolled gets 403 and an empty body', async () => {
      const sender = bench.sender('acme');
      const stranger = { ...sender, organization: dialect.organization(nextNumber()) };
      const signed = dialect.sign(bench.message(stranger), sender.secret);
      const path = dialect.path(sender.registrationId);
      await bench.expectRefused(403, 'not_enrolled', () => bench.post(path, signed));
    });

    it('the identical request again gets 200 and is not done again', async () => {
      const sender = bench.sender('acme');
      const signed = dialect.sign(
        bench.message(sender, `new ticket Replayed on ${dialect.platform}`),
        sender.secret,
      );
      const path = dialect.path(sender.registrationId);
      expect((await bench.post(path, signed)).status).toBe(200);
      const rows = await bench.written();
      for (const _again of [1, 2, 3]) expect((await bench.post(path, signed)).status).toBe(200);
      expect(await bench.written()).toEqual(rows);
      const { body } = await bench.world.api('GET', '/tickets?limit=200');
      const titles = (body.items as { title: string }[]).map(({ title }) => title);
      expect(titles.filter((title) => title.includes('Replayed'))).toHaveLength(1);
    });

    it('a body over 256 kB gets 413 before anything is verified', async () => {
      const sender = bench.sender('acme');
      const path = dialect.path(sender.registrationId);
      const [rows, rejections] = [await bench.written(), await bench.rejected('bad_signature')];
      const big = dialect.sign(bench.message(sender, 'x'.repeat(270_000)), sender.secret);
      for (const request of [big, { ...big, headers: { 'content-type': 'application/json' } }]) {
        expect((await bench.post(path, request)).status).toBe(413);
      }
      expect(await bench.rejected('bad_signature')).toBe(rejections);
      expect(await bench.written()).toEqual(rows);
    });

    describe('two registrations of one app with different secrets', () => {
      it('that an operator entered: each secret speaks for both organizations', async () => {
        const one = await bench.enrol('acme', 'operator', bench.newcomer());
        const other = await bench.enrol('globex', 'operator', bench.newcomer(one.appId));
        for (const at of [one, other]) {
          for (const { secret } of [one, other]) {
            expect(await bench.speak(one, { at, secret })).toBe(200);
            expect(await bench.speak(other, { at, secret })).toBe(200);
          }
        }
      });

      it("that the tenant's own administrator entered, then approved: for the own organization alone", async () => {
        const theirs = await bench.enrol('globex', 'operator', bench.newcomer());
        const mine = await bench.enrol('acme', 'admin', bench.newcomer(theirs.appId));
        const approve: [string, string] = ['POST', `/registrations/${mine.registrationId}/approve`];
        expect((await bench.call('acme', 'admin', approve, {})).status).toBe(403);
        expect((await bench.call('acme', 'operator', approve, {})).status).toBe(200);
        await expectBound(mine, theirs);
      });

      it("that the tenant's own administrator replaced: the same, until an operator enters them", async () => {
        const theirs = await bench.enrol('globex', 'operator', bench.newcomer());
        const before = await bench.enrol('acme', 'operator', bench.newcomer(theirs.appId));
        const mine = { ...before, secret: `secret-${nextNumber()}` };
        const patch: [string, string] = ['PATCH', `/registrations/${mine.registrationId}`];
        const credentials = dialect.credentials(mine.secret);
        expect((await bench.call('acme', 'admin', patch, { credentials })).status).toBe(200);
        expect(await bench.speak(before, { at: theirs })).toBe(401);
        await expectBound(mine, theirs);
        expect((await bench.call('acme', 'operator', patch, { credentials })).status).toBe(200);
        expect(await bench.speak(theirs, { at: theirs, secret: mine.secret })).toBe(200);
      });

      /** `mine` is proved by its secret for itself and nobody else, at whichever address; `theirs` for both. */
      async function expectBound(mine: Enrolled, theirs: Enrolled): Promise<void> {
        for (const at of [mine, theirs]) {
          expect(await bench.speak(mine, { at })).toBe(200);
          expect(await bench.speak(theirs, { at })).toBe(200);
          expect(await bench.speak(mine, { at, secret: theirs.secret })).toBe(200);
          const forged = dialect.sign(bench.message({ ...theirs, secret: mine.secret }), mine.secret);
          await bench.expectRefused(401, 'not_proven_for_tenant', () =>
            bench.post(dialect.path(at.registrationId), forged),
          );
        }
      }
    });

    it("a pending registration's secret proves no event, at no address and for no organization", async () => {
      const live = await bench.enrol('globex', 'operator', bench.newcomer());
      const pending = await bench.enrol('acme', 'admin', bench.newcomer(live.appId));
      const lonely = await bench.enrol('acme', 'admin', bench.newcomer());
      const rows = await bench.written();
      for (const at of [live, pending]) {
        expect(await bench.speak(live, { at, secret: pending.secret })).toBe(401);
        expect(await bench.speak(pending, { at })).toBe(401);
      }
      expect(await bench.speak(lonely, { at: lonely })).toBe(401);
      expect(await bench.written()).toEqual(rows);
      // Its address is one of the app's all the same.
      expect(await bench.speak(live, { at: pending })).toBe(200);
    });

    it("a retired registration's secret proves nothing any more, and its address is nobody's", async () => {
      const gone = await bench.enrol('acme', 'operator', bench.newcomer());
      const live = await bench.enrol('globex', 'operator', bench.newcomer(gone.appId));
      expect(await bench.speak(live, { at: live, secret: gone.secret })).toBe(200);
      const retire: [string, string] = ['DELETE', `/registrations/${gone.registrationId}`];
      expect((await bench.call('acme', 'operator', retire)).status).toBe(204);
      const rows = await bench.written();
      expect(await bench.speak(live, { at: live, secret: gone.secret })).toBe(401);
      expect(await bench.speak(gone, { at: live })).toBe(401);
      expect(await bench.speak(live, { at: gone })).toBe(401);
      expect(await bench.speak(gone, { at: live, secret: live.secret })).toBe(403);
      expect(await bench.written()).toEqual(rows);
      expect(await bench.speak(live, { at: live })).toBe(200);
    });

    it('removing the app retires the registration; a late repeat does not retire the one after it', async () => {
      const sender = bench.newcomer();
      const first = await bench.enrol('acme', 'operator', sender);
      // The second in which it was enrolled, since Slack tells no more than that.
      const at = new Date(Math.floor(Date.now() / 1000) * 1000);
      const remove = (where: Enrolled, id: string) =>
        bench.post(
          dialect.path(where.registrationId),
          dialect.sign(dialect.removal(where, id, at), where.secret),
        );
      expect((await remove(first, 'removal-1')).status).toBe(200);
      expect(await bench.statusOf('acme', first)).toBe('retired');
      expect(await bench.speak(first, { at: first })).toBe(401);
      await sleep(Math.max(0, at.getTime() + 1_020 - Date.now()));
      const second = await bench.enrol('acme', 'operator', sender);
      for (const id of ['removal-1', 'removal-2']) expect((await remove(second, id)).status).toBe(200);
      expect(await bench.statusOf('acme', second)).toBe('active');
      expect(await bench.speak(second, { at: second })).toBe(200);
    });
  },
);

describe('only on slack', () => {
  const form = 'application/x-www-form-urlencoded';
  let bench: ProofBench;
  beforeAll(async () => {
    bench = await ProofBench.start(slackDialect);
  });
  afterAll(() => bench.world.close());

  const challenge = { type: 'url_verification', challenge: 'proof-challenge', token: 'retired' };

  it('the challenge is answered after the signature, at an address with an id, for pending registrations too', async () => {
    const live = bench.sender('acme');
    const pending = await bench.enrol('acme', 'admin', bench.newcomer());
    for (const { registrationId, secret } of [live, pending]) {
      const answer = await bench.post(
        slackDialect.path(registrationId),
        slackDialect.sign(challenge, secret),
      );
      expect(answer).toEqual({ status: 200, body: JSON.stringify({ challenge: challenge.challenge }) });
    }
    const signed = slackDialect.sign(challenge, live.secret);
    await bench.expectRefused(401, 'app_missing', () => bench.post('/slack/events', signed));
    const naming = slackDialect.sign({ ...challenge, api_app_id: live.appId }, live.secret);
    await bench.expectRefused(401, 'app_missing', () => bench.post('/slack/events', naming));
    const path = slackDialect.path(live.registrationId);
    const forged = slackDialect.sign(challenge, pending.secret);
    await bench.expectRefused(401, 'bad_signature', () => bench.post(path, forged));
    const unsigned = { headers: { 'content-type': 'application/json' }, body: signed.body };
    await bench.expectRefused(401, 'no_signature', () => bench.post(path, unsigned));
    const old = slackDialect.sign(challenge, live.secret, { seconds: -3600 });
    await bench.expectRefused(401, 'expired', () => bench.post(path, old));
  });

  it('ssl_check is answered with 200, and whatever else its body says is dropped, signed or not', async () => {
    const { secret, registrationId } = bench.sender('acme');
    const rows = await bench.written();
    const command = commandForm(bench.sender('acme'), 'new ticket By ssl_check');
    for (const body of ['ssl_check=1&token=x', `ssl_check=1&${command}`, `${command}&ssl_check=1`]) {
      for (const path of ['/slack/events', slackDialect.path(registrationId)]) {
        const unsigned = { headers: { 'content-type': form }, body };
        expect(await bench.post(path, unsigned)).toEqual({ status: 200, body: '' });
        expect(await bench.post(path, signSlack(body, form, secret))).toEqual({ status: 200, body: '' });
      }
    }
    expect(await bench.written()).toEqual(rows);
  });

  it('without an id in the address, app and workspace are chosen from the body', async () => {
    const receipts = async (registrationId: string) => {
      const { maintenance } = bench.world.running.services.database;
      const sql = 'select count(*) as n from receipts where registration_id = $1';
      return (await maintenance.query<{ n: number }>(sql, [registrationId]))[0]?.n ?? 0;
    };
    const other = await bench.enrol('globex', 'operator', bench.newcomer());
    for (const sender of [bench.sender('acme'), bench.sender('globex'), other]) {
      const before = await receipts(sender.registrationId);
      const event = slackDialect.sign(bench.message(sender), sender.secret);
      expect((await bench.post('/slack/events', event)).status).toBe(200);
      const command = signSlack(commandForm(sender, 'help'), form, sender.secret);
      expect((await bench.post('/slack/events', command)).status).toBe(200);
      // A message is claimed under its event's id and its own.
      expect(await receipts(sender.registrationId)).toBe(before + 3);
    }
    const acme = bench.sender('acme');
    const forged = slackDialect.sign(bench.message(acme), other.secret);
    await bench.expectRefused(401, 'bad_signature', () => bench.post('/slack/events', forged));
    const unknown = slackDialect.sign(bench.message({ ...acme, appId: 'A0UNKNOWN1' }), acme.secret);
    await bench.expectRefused(401, 'unknown_app', () => bench.post('/slack/events', unknown));
  });

  it('an app that is installed for a whole enterprise is found by the enterprise', async () => {
    const enterprise = { ...bench.newcomer(), organization: 'E0PROOF1' };
    const enrolled = await bench.enrol('globex', 'operator', enterprise);
    expect(await bench.speak(enrolled, { at: enrolled })).toBe(200);
    const path = slackDialect.path(enrolled.registrationId);
    const command = signSlack(commandForm(enrolled, 'help'), form, enrolled.secret);
    expect((await bench.post(path, command)).status).toBe(200);
    // Its workspace alone is nobody's customer.
    const workspace = { ...enrolled, organization: 'T0INSIDE1' };
    const signed = slackDialect.sign(bench.message(workspace), enrolled.secret);
    await bench.expectRefused(403, 'not_enrolled', () => bench.post(path, signed));
  });

  function commandForm({ appId, organization }: Sender, text: string): string {
    const isEnterprise = organization.startsWith('E');
    return new URLSearchParams({
      command: '/desk',
      text,
      api_app_id: appId,
      team_id: isEnterprise ? 'T0INSIDE1' : organization,
      ...(isEnterprise ? { enterprise_id: organization } : {}),
      is_enterprise_install: String(isEnterprise),
      user_id: bench.world.chat.people[0]?.platformUserId ?? '',
      trigger_id: nextId(),
    }).toString();
  }
});

describe('only on lark', () => {
  let bench: ProofBench;
  beforeAll(async () => {
    bench = await ProofBench.start(larkDialect);
  });
  afterAll(() => bench.world.close());

  function challenge(secret: string, token = larkTokenOf(secret)): Signed {
    const body = { type: 'url_verification', challenge: 'proof-challenge', token };
    return { headers: { 'content-type': 'application/json' }, body: encryptLark(body, secret) };
  }
  const echoed = { status: 200, body: JSON.stringify({ challenge: 'proof-challenge' }) };

  it('the unsigned challenge is answered with the right token alone, at pending registrations too', async () => {
    const live = bench.sender('acme');
    const pending = await bench.enrol('acme', 'admin', bench.newcomer());
    for (const { secret, registrationId } of [live, pending]) {
      const path = larkDialect.path(registrationId);
      expect(await bench.post(path, challenge(secret))).toEqual(echoed);
      const { body } = challenge(secret);
      expect(await bench.post(path, signLark(body, secret))).toEqual(echoed);
      for (const request of [challenge(secret, 'another'), challenge(secret, ''), challenge('another')]) {
        await bench.expectRefused(401, 'no_signature', () => bench.post(path, request));
      }
      const plain = {
        ...challenge(secret),
        body: JSON.stringify({ type: 'url_verification', challenge: 'x', token: larkTokenOf(secret) }),
      };
      await bench.expectRefused(401, 'no_signature', () => bench.post(path, plain));
    }
    // Another app's secrets are no good here, a pending one's least of all.
    const foreign = challenge(pending.secret);
    await bench.expectRefused(401, 'no_signature', () =>
      bench.post(larkDialect.path(live.registrationId), foreign),
    );
  });

  it('nothing but a challenge is taken without a signature, whatever token it names', async () => {
    const live = bench.sender('acme');
    const unsigned = (body: JsonObject) => ({
      headers: { 'content-type': 'application/json' },
      body: encryptLark(body, live.secret),
    });
    const path = larkDialect.path(live.registrationId);
    const event = bench.message(live);
    for (const body of [
      event,
      { ...event, type: 'url_verification', challenge: 'x' },
      larkDialect.removal(live, nextId(), new Date()),
    ]) {
      await bench.expectRefused(401, 'no_signature', () => bench.post(path, unsigned(body)));
    }
  });
});
