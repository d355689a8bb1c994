// What a test controls: faults, the clock, the request log, reset and close.
import { createConnection } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { startEmulator } from 'nestjs-descope/emulator';
import { useEmulator } from '../../support/use-emulator.js';

const bed = useEmulator({ seed: { users: [{ loginId: 'ada@example.com', roles: ['admin'] }] } });

const keysPath = () => `/v2/keys/${bed.emulator.projectId}`;

describe('a fault', () => {
  it('answers what was ordered, so many times, and then the truth again', async () => {
    const fault = bed.emulator.faults.add({ path: '/v2/keys', status: 500, body: '<h1>oops</h1>', times: 2 });
    for (const status of [500, 500, 200]) expect((await bed.request(keysPath())).status).toBe(status);
    expect(fault.hits).toBe(2);
  });

  it('shows in Descope form when only a status is ordered, with headers', async () => {
    bed.emulator.faults.add({ path: '/', status: 429, headers: { 'retry-after': '7' } });
    const response = await bed.request('/v1/auth/me');
    expect([response.status, response.headers.get('retry-after')]).toEqual([429, '7']);
    expect(await response.json()).toMatchObject({ errorCode: expect.any(String) });
  });

  it('sends garbage, other JSON and redirects', async () => {
    bed.emulator.faults.add({ path: '/garbage', body: '{"keys":[' });
    bed.emulator.faults.add({ path: '/null', body: { keys: null } });
    bed.emulator.faults.add({ path: '/away', redirect: 'http://127.0.0.1:1/' });
    expect(await (await bed.request('/garbage')).text()).toBe('{"keys":[');
    expect(await (await bed.request('/null')).json()).toEqual({ keys: null });
    const away = await bed.request('/away', { redirect: 'manual' });
    expect([away.status, away.headers.get('location')]).toEqual([302, 'http://127.0.0.1:1/']);
  });

  it('delays, drips, hangs and resets', async () => {
    bed.emulator.faults.add({ path: '/slow', delayMs: 50 });
    const started = performance.now();
    expect((await bed.request('/slow')).status).toBe(404);
    expect(performance.now() - started).toBeGreaterThan(45);
    bed.emulator.faults.add({ path: '/drip', body: 'drop', dripMs: 5 });
    expect(await (await bed.request('/drip')).text()).toBe('drop');
    bed.emulator.faults.add({ path: '/hang', hang: true });
    const hanging = bed.request('/hang', { signal: AbortSignal.timeout(100) });
    await expect(hanging).rejects.toThrow('timeout');
    bed.emulator.faults.add({ path: '/reset', reset: true });
    await expect(bed.request('/reset')).rejects.toThrow('fetch failed');
  });

  it('is taken back alone or with all others', async () => {
    const fault = bed.emulator.faults.add({ path: '/v2/keys', status: 500, method: 'GET' });
    fault.remove();
    expect((await bed.request(keysPath())).status).toBe(200);
    bed.emulator.faults.add({ path: '/v2/keys', status: 500 });
    bed.emulator.faults.clear();
    expect((await bed.request(keysPath())).status).toBe(200);
  });
});

describe('rotation', () => {
  it('lets one of many simultaneous refreshes win', async () => {
    bed.emulator.configure({ refreshRotation: true });
    const { refreshJwt } = await bed.emulator.signIn('ada@example.com');
    const all = await Promise.all(Array.from({ length: 8 }, () => bed.sdk.refresh(refreshJwt)));
    expect(all.map(({ code }) => code).sort()).toEqual([200, ...Array.from({ length: 7 }, () => 401)]);
  });
});

describe('the clock', () => {
  it('moves the times in tokens and the end of sessions', async () => {
    bed.emulator.clock.set(new Date('2031-05-06T07:08:09Z'));
    const { claims, refreshJwt } = await bed.emulator.signIn('ada@example.com');
    const iat = Date.parse('2031-05-06T07:08:09Z') / 1000;
    expect(claims).toMatchObject({ iat, exp: iat + 600, rexp: '2031-06-03T07:08:09Z' });
    bed.emulator.clock.advance(27 * 24 * 3_600_000);
    expect((await bed.sdk.refresh(refreshJwt)).ok).toBe(true);
    bed.emulator.clock.advance(24 * 3_600_000);
    expect((await bed.sdk.refresh(refreshJwt)).error?.errorCode).toBe('E061005');
  });
});

describe('the request log', () => {
  it('keeps method, path, times and status, and no secret', async () => {
    await bed.request('/v1/auth/me?t=secret', { headers: { authorization: 'Bearer secret' } });
    const times = { atMs: expect.any(Number), durationMs: expect.any(Number) };
    expect(bed.emulator.requests.all).toEqual([
      { method: 'GET', path: '/v1/auth/me', status: 401, ...times },
    ]);
    await bed.request(keysPath());
    await bed.request('/v2/keyshole');
    const { requests } = bed.emulator;
    expect([requests.count(), requests.count('/v2/keys'), requests.count('/v2')]).toEqual([3, 1, 2]);
  });
});

describe('reset', () => {
  it('goes back to the seed, with the same user ids, and forgets the rest', async () => {
    const before = await bed.emulator.signIn('ada@example.com');
    await bed.admin.management.user.delete('ada@example.com');
    await bed.admin.management.user.create('new@example.com');
    bed.emulator.configure({ sessionSeconds: 5 });
    bed.emulator.clock.advance(60_000);
    bed.emulator.faults.add({ path: '/', status: 500 });
    bed.emulator.reset();
    const after = await bed.emulator.signIn('ada@example.com');
    expect(after.userId).toBe(before.userId);
    expect(bed.emulator.loginIds).toEqual(['ada@example.com']);
    expect(bed.emulator.settings.sessionSeconds).toBe(600);
    expect((await bed.sdk.refresh(before.refreshJwt)).error?.errorCode).toBe('E064001');
    expect((await bed.sdk.refresh(after.refreshJwt)).ok).toBe(true);
  });
});

describe('close', () => {
  it('ends at once, whatever hangs or idles', async () => {
    const emulator = await startEmulator();
    emulator.faults.add({ path: '/hang', hang: true });
    const hanging = fetch(`${emulator.url}/hang`).catch(() => 'broken off');
    const idle = createConnection(Number(new URL(emulator.url).port), '127.0.0.1');
    await new Promise((resolve) => idle.once('connect', resolve));
    idle.on('error', () => undefined);
    const started = performance.now();
    await emulator.close();
    expect(performance.now() - started).toBeLessThan(4_000); // an idle connection is kept for five seconds
    expect(await hanging).toBe('broken off');
    await expect(fetch(emulator.url)).rejects.toThrow();
  });
});
