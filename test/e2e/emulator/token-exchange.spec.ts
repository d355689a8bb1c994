// Token exchange at the emulator: by policy alone, for the same caller, never longer than the token that it was for.
import { describe, expect, it } from '@jest/globals';
import { decodeJwt } from 'jose';
import { useEmulator } from '../../support/use-emulator.js';

const ORDERS = 'https://orders.internal';
const ADA = 'ada@example.com';
const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';

const bed = useEmulator({
  seed: {
    users: [
      { loginId: ADA, roles: ['buyer'], tenants: [{ tenantId: 'acme' }] },
      { loginId: 'eve@example.com', permissions: ['Impersonate'] },
    ],
    inboundApps: [
      {
        name: 'shop',
        clientId: 'shop',
        clientSecret: 'shop-secret',
        exchanges: [
          { resource: ORDERS, scopes: ['orders:read', 'orders:write'] },
          { resource: 'billing', scopes: ['bills:read'] },
        ],
      },
      { name: 'other', clientId: 'other', clientSecret: 'other-secret', scopes: ['orders:read'] },
    ],
  },
});

type Fields = Readonly<Record<string, string | undefined>>;

const post = async (fields: Fields) => {
  const all = {
    grant_type: EXCHANGE,
    client_id: 'shop',
    client_secret: 'shop-secret',
    subject_token_type: ACCESS_TOKEN,
    resource: ORDERS,
    ...fields,
  };
  const given = Object.entries(all).filter((field): field is [string, string] => field[1] !== undefined);
  const response = await bed.request('/oauth2/v1/apps/token', {
    method: 'POST',
    body: new URLSearchParams(given),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
};
const claimsOf = ({ body }: { readonly body: Record<string, unknown> }) =>
  decodeJwt(String(body['access_token']));
const failureOf = async (fields: Fields) => {
  const { status, body } = await post(fields);
  return `${status} ${String(body['error'])}`;
};
const signIn = async () => (await bed.emulator.signIn(ADA)).sessionJwt;

describe('Token exchange', () => {
  it('issues a token of the same user for the resource, with the scopes of the policy', async () => {
    const subject = await signIn();
    const answer = await post({ subject_token: subject, scope: 'orders:read' });
    expect(answer).toMatchObject({
      status: 200,
      body: { token_type: 'Bearer', issued_token_type: ACCESS_TOKEN, scope: 'orders:read' },
    });
    expect(answer.body).not.toHaveProperty('refresh_token');
    expect(claimsOf(answer)).toMatchObject({
      sub: decodeJwt(subject).sub,
      aud: ORDERS,
      azp: 'shop',
      scope: 'orders:read',
      roles: ['buyer'],
      iss: `${bed.emulator.url}/v1/apps/${bed.emulator.projectId}`,
    });
    expect((await post({ subject_token: subject })).body['scope']).toBe('orders:read orders:write');
    const byAudience = await post({ subject_token: subject, resource: undefined, audience: 'billing' });
    expect(claimsOf(byAudience)).toMatchObject({ aud: 'billing', scope: 'bills:read' });
  });

  it('issues a token that lives no longer than the subject token', async () => {
    const subject = await signIn();
    bed.emulator.clock.advance(400_000);
    const { exp = 0 } = decodeJwt(subject);
    const readSecondsLeft = () => exp - Math.floor(bed.emulator.clock.now() / 1000);
    const atMost = readSecondsLeft();
    const answer = await post({ subject_token: subject });
    expect(claimsOf(answer).exp).toBe(exp);
    expect(answer.body['expires_in']).toBeLessThanOrEqual(atMost);
    expect(answer.body['expires_in']).toBeGreaterThanOrEqual(readSecondsLeft()); // the clock goes on
  });

  it('carries on who acts, and takes the token of an app', async () => {
    const { data } = await bed.admin.management.jwt.impersonate('eve@example.com', ADA, false);
    const { data: refreshed } = await bed.sdk.refresh(data?.jwt ?? '');
    const impersonated = claimsOf(await post({ subject_token: refreshed?.sessionJwt }));
    expect(impersonated['act']).toEqual({ sub: expect.stringMatching(/^U/) });
    const ofApp = await bed.emulator.issueAppToken({ onBehalfOf: ADA, scopes: ['a'], audience: 'shop-api' });
    const again = claimsOf(await post({ subject_token: ofApp }));
    expect([again.sub, again.aud]).toEqual([decodeJwt(ofApp).sub, ORDERS]);
  });

  it('rejects a subject token that is no valid token of this project', async () => {
    const subject = await signIn();
    const { refreshJwt } = await bed.emulator.signIn(ADA);
    const wrong = [undefined, '', 'x', `${subject}x`, refreshJwt];
    for (const token of wrong) expect(await failureOf({ subject_token: token })).toBe('400 invalid_request');
    for (const fields of [
      { subject_token_type: undefined },
      { subject_token_type: 'urn:ietf:params:oauth:token-type:refresh_token' },
      { requested_token_type: 'urn:ietf:params:oauth:token-type:refresh_token' },
      { actor_token: subject },
      { resource: undefined },
    ])
      expect(await failureOf({ subject_token: subject, ...fields })).toBe('400 invalid_request');
    bed.emulator.clock.advance(3_600_000);
    expect(await failureOf({ subject_token: subject })).toBe('400 invalid_request');
  });

  it('rejects the token of a user who has signed out or is disabled', async () => {
    const { sessionJwt, refreshJwt } = await bed.emulator.signIn(ADA);
    await bed.sdk.logout(refreshJwt);
    expect(await failureOf({ subject_token: sessionJwt })).toBe('400 invalid_request');
    const subject = await signIn();
    await bed.admin.management.user.deactivate(ADA);
    expect(await failureOf({ subject_token: subject })).toBe('400 invalid_request');
  });

  it('rejects what no policy of the client permits', async () => {
    const subject_token = await signIn();
    const other = { client_id: 'other', client_secret: 'other-secret' };
    expect(await failureOf({ subject_token, ...other })).toBe('400 invalid_target');
    for (const resource of ['https://evil.example', `${ORDERS}/`, `${ORDERS}#x`, 'billing x', '/orders'])
      expect(await failureOf({ subject_token, resource })).toBe('400 invalid_target');
    expect(await failureOf({ subject_token, audience: 'billing' })).toBe('400 invalid_target');
    expect(await failureOf({ subject_token, scope: 'orders:read bills:read' })).toBe('400 invalid_scope');
    expect(await failureOf({ subject_token, client_secret: 'wrong' })).toBe('401 invalid_client');
  });
});
