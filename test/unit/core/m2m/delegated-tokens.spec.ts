// The exchange of a caller's token: what is asked of Descope, and what of its response is never used.
import { describe, expect, it } from '@jest/globals';
import type { Notice } from '#lib/core/logging.js';
import { DelegatedTokens } from '#lib/core/m2m/delegated-tokens.js';
import type { OnBehalfTarget } from '#lib/core/m2m/token-exchange.js';
import { readTarget } from '#lib/core/m2m/token-exchange.js';
import {
  codeLater,
  codeOf,
  createClock,
  createSigningKey,
  mint,
  PROJECT_ID,
} from '../../../support/tokens.js';

const ORDERS = 'https://orders.internal';
const READ: OnBehalfTarget = { resource: ORDERS, scope: 'orders:read' };
const signer = createSigningKey();
const subject = { token: 'subject-token', id: 'U1', endsAtMs: Number.POSITIVE_INFINITY };
const issued = (claims: object = {}) =>
  mint(signer, { claims: { sub: 'U1', aud: ORDERS, scope: 'orders:read', ...claims } });
const answerOf = (more: object = {}) => ({
  access_token: issued(),
  token_type: 'Bearer',
  issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
  expires_in: 600,
  scope: 'orders:read',
  ...more,
});

/** Descope at the network edge. */
function create(answer: (number: number) => Response | Promise<Response>) {
  const clock = createClock();
  const forms: Record<string, string>[] = [];
  const urls: string[] = [];
  const fetch = async (target: unknown, init: RequestInit = {}) => {
    urls.push(String(target));
    forms.push(Object.fromEntries(init.body as URLSearchParams));
    return answer(forms.length);
  };
  const api = { baseUrl: 'https://d.example', projectId: PROJECT_ID, timeoutMs: 1_000, fetch };
  const client = { id: 'shop', secret: 'hush-hush', path: '/oauth2/v1/apps/token' };
  const notices: Notice[] = [];
  const tokens = new DelegatedTokens({ ...api, notify: (notice) => notices.push(notice) }, client, clock);
  const find = async (target: OnBehalfTarget = READ, who = subject) => tokens.find(who, readTarget(target));
  return { clock, forms, urls, tokens, find, notices };
}
const codeFor = (body: object, status = 200, target = READ) =>
  codeLater(() => create(() => Response.json(body, { status })).find(target));

describe('DelegatedTokens', () => {
  it('sends the form of RFC 8693 to the token endpoint', async () => {
    const { forms, urls, find } = create(() => Response.json(answerOf()));
    expect(await find()).toMatch(/^eyJ/);
    expect(urls).toEqual(['https://d.example/oauth2/v1/apps/token']);
    expect(forms).toEqual([
      {
        grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
        client_id: 'shop',
        client_secret: 'hush-hush',
        subject_token: 'subject-token',
        subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        resource: ORDERS,
        scope: 'orders:read',
      },
    ]);
  });

  it('tells the operator what Descope did not exchange, with no token and no secret', async () => {
    const { find, notices } = create(() => Response.json({ error: 'invalid_target' }, { status: 400 }));
    expect(await codeLater(find)).toBe('EXCHANGE_REFUSED');
    expect(notices).toEqual([
      { code: 'EXCHANGE_REFUSED', level: 'warn', message: expect.stringContaining('invalid_target') },
    ]);
    expect(notices[0]?.message).toContain(
      `{"client":"shop","resource":"${ORDERS}","scopes":["orders:read"],"descopeCode":"invalid_target"}`,
    );
    expect(JSON.stringify(notices)).not.toMatch(/subject-token|hush-hush/);
  });

  it.each<[string, object]>([
    ['more scopes than requested', answerOf({ scope: 'orders:read orders:write' })],
    [
      'more scopes in the token',
      answerOf({ access_token: issued({ scope: 'orders:read admin' }), scope: undefined }),
    ],
    ['scopes as a list', answerOf({ scope: ['orders:read', 'admin'] })],
    [
      'scopes as a list in the token',
      answerOf({ access_token: issued({ scope: ['admin'] }), scope: undefined }),
    ],
    ['scopes behind a tab', answerOf({ scope: 'orders:read\tadmin' })],
    ['a further audience', answerOf({ access_token: issued({ aud: [ORDERS, 'https://evil.example'] }) })],
    ['an audience of another type', answerOf({ access_token: issued({ aud: { [ORDERS]: 1 } }) })],
    ['an audience that begins alike', answerOf({ access_token: issued({ aud: `${ORDERS}.evil.example` }) })],
    ['another subject', answerOf({ access_token: issued({ sub: 'U2' }) })],
    ['another subject in dsub', answerOf({ access_token: issued({ dsub: 'U2' }) })],
    ['another audience', answerOf({ access_token: issued({ aud: 'https://evil.example' }) })],
    ['no audience', answerOf({ access_token: issued({ aud: undefined }) })],
    ['the token that was sent', answerOf({ access_token: 'subject-token' })],
    ['a token of another kind', answerOf({ token_type: 'N_A' })],
    ['a token that is bound to a key', answerOf({ token_type: 'DPoP' })],
    ['no kind of token', answerOf({ token_type: undefined })],
    ['a refresh token', answerOf({ issued_token_type: 'urn:ietf:params:oauth:token-type:refresh_token' })],
    ['no token', answerOf({ access_token: undefined })],
    ['a list', []],
  ])('uses no response with %s: it is an outage', async (_what, body) => {
    expect(await codeFor(body)).toBe('DESCOPE_UNAVAILABLE');
  });

  it('uses a token with fewer scopes, with its project and client as audiences too, and an opaque one', async () => {
    for (const access_token of [
      issued({ scope: '' }),
      issued({ aud: ['shop', PROJECT_ID, ORDERS] }),
      'opaque',
    ])
      expect(await create(() => Response.json(answerOf({ access_token }))).find()).toBe(access_token);
  });

  it.each([
    [400, { error: 'invalid_target' }, 'EXCHANGE_REFUSED'],
    [400, { error: 'invalid_scope' }, 'EXCHANGE_REFUSED'],
    [400, { error: 'invalid_request' }, 'EXCHANGE_REFUSED'],
    [403, { error: 'access_denied' }, 'EXCHANGE_REFUSED'],
    [403, { errorCode: 'E061005' }, 'EXCHANGE_REFUSED'],
    [401, { error: 'invalid_client' }, 'M2M_CREDENTIALS_REFUSED'],
    [400, { error: 'unsupported_grant_type' }, 'M2M_CREDENTIALS_REFUSED'],
    [400, { error: 'temporarily_unavailable' }, 'DESCOPE_UNAVAILABLE'],
    [403, { error: 'Edge rejected' }, 'DESCOPE_UNAVAILABLE'],
    [403, {}, 'DESCOPE_UNAVAILABLE'],
    [500, { error: 'invalid_target' }, 'DESCOPE_UNAVAILABLE'],
    [302, {}, 'DESCOPE_UNAVAILABLE'],
  ])('says of %s %j: %s', async (status, body, code) => {
    expect(await codeFor(body, status)).toBe(code);
  });

  it('remembers a token until the earlier end, and one without an end until that of the caller', async () => {
    const { clock, forms, find } = create(() => Response.json(answerOf({ expires_in: 60 })));
    await find();
    clock.advance(50_000);
    await find();
    expect(forms).toHaveLength(1);
    clock.advance(5_000);
    await find();
    expect(forms).toHaveLength(2);
    const endless = create(() => Response.json(answerOf({ access_token: 'opaque', expires_in: undefined })));
    const ending = { ...subject, endsAtMs: endless.clock() + 30_000 };
    await endless.find(READ, ending);
    await endless.find(READ, ending);
    expect(endless.forms).toHaveLength(1);
    endless.clock.advance(30_000);
    expect(await codeLater(() => endless.find(READ, ending))).toBe('TOKEN_EXPIRED');
  });

  it('keeps at most a hundred tokens of one caller, who evicts nobody else', async () => {
    const { forms, find } = create(() => Response.json(answerOf({ access_token: 'opaque' })));
    const other = { ...subject, token: 'other', id: 'U2' };
    await find(READ, other);
    for (let number = 0; number < 150; number++) await find({ resource: `${ORDERS}/${number}` });
    const before = forms.length;
    await find(READ, other);
    expect(forms).toHaveLength(before);
    await find({ resource: `${ORDERS}/0` });
    expect(forms).toHaveLength(before + 1);
  });

  it.each<[string, object]>([
    ['nothing', {}],
    ['both', { resource: ORDERS, audience: 'orders' }],
    ['a path', { resource: '/orders' }],
    ['a fragment', { resource: `${ORDERS}#x` }],
    ['credentials', { resource: 'https://a:b@orders.internal' }],
    ['white space', { resource: `${ORDERS} x` }],
    ['a long resource', { resource: `${ORDERS}/${'a'.repeat(2000)}` }],
    ['a list of resources', { resource: [ORDERS] }],
    ['an empty audience', { audience: ' ' }],
    ['an empty scope', { resource: ORDERS, scope: '' }],
    ['no scope of a list', { resource: ORDERS, scope: [] }],
    ['two spaces', { resource: ORDERS, scope: 'a  b' }],
    ['a scope of another type', { resource: ORDERS, scope: 7 }],
    ['a misspelt scope', { resource: ORDERS, scopes: 'orders:read' }],
    ['a quote', { resource: ORDERS, scope: 'a"b' }],
  ])('takes no target with %s', (_what, target) => {
    expect(codeOf(() => readTarget(target as OnBehalfTarget))).toBe('CONFIG_INVALID');
  });
});
