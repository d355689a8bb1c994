// Challenges on routes of a protected resource: where its metadata is, and all scopes that a handler demands, at once.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get } from '@nestjs/common';
import {
  DescopeAccessError,
  DescopeCredentialError,
  OptionalAuth,
  ProtectedResource,
  Public,
  Roles,
  Scopes,
  StepUp,
  Tenant,
} from 'nestjs-descope';
import type { AccessApplication, Caller } from '../../support/access-application.js';
import { startAccess } from '../../support/access-application.js';
import { ADAPTERS } from '../../support/application.js';

const strong = { maxAgeSeconds: 300, acrValues: ['urn:acr:mfa', 'urn:acr:otp'] };

@ProtectedResource()
@Scopes('orders:connect')
@Controller('orders')
class OrdersController {
  @Get() list() {}

  @Scopes('orders:read', 'orders:write') @Scopes.any('admin', 'orders:admin') @Get('all') all() {}

  @Scopes.any('orders:read', 'orders:connect') @Get('any') any() {}

  @Roles('editor') @Get('edit') edit() {}

  @Tenant({ from: 'header:x-tenant' }) @Get('tenant') tenant() {}

  @StepUp(strong) @Get('pay') pay() {}

  @Public() @Get('open') open() {}

  @Get('part') part() {
    const wanted = { wanted: ['orders:part'] };
    throw new DescopeAccessError('ACCESS_SCOPE_MISSING', 'Thrown by the handler.', wanted);
  }

  @Get('thrown') thrown() {
    throw new DescopeCredentialError('TOKEN_EXPIRED', 'Thrown by the handler.');
  }
}

@ProtectedResource()
@Controller('free')
class FreeController {
  @Get() list() {}

  @OptionalAuth() @Get('optional') optional() {}
}

@Controller('plain')
class PlainController {
  @Scopes('orders:read', 'orders:write') @Scopes('more') @Get() list() {}

  @StepUp(strong) @Get('pay') pay() {}

  @StepUp({ maxAgeSeconds: 300 }) @Get('aged') aged() {}
}

const url = 'https://api.example.com';
const controllers = [OrdersController, FreeController, PlainController];
const METADATA = `resource_metadata="${url}/.well-known/oauth-protected-resource`;

describe.each(ADAPTERS)('A challenge of a protected resource, on %s,', (adapter) => {
  let application: AccessApplication;
  beforeAll(async () => {
    application = await startAccess(adapter, { controllers }, { resource: { url }, audience: null });
  });
  afterAll(() => application.close());

  const agent = (scope: string, aud = `${url}/orders`, more = {}) =>
    ({ kind: 'agent', scope, aud, ...more }) as const;
  const challenge = (path: string, caller: Caller) => application.challenge(path, caller);

  it('names the metadata and the scopes to a caller without a token', async () => {
    expect(await challenge('/orders', null)).toBe(
      `Bearer realm="descope", scope="orders:connect", ${METADATA}/orders"`,
    );
    expect(await challenge('/orders/all', null)).toBe(
      `Bearer realm="descope", scope="orders:read orders:write orders:connect admin", ${METADATA}/orders"`,
    );
    expect(await challenge('/free', null)).toBe(`Bearer realm="descope", ${METADATA}/free"`);
  });

  it('names them beside the error of a token that is not valid, or for another resource', async () => {
    const expected = `Bearer realm="descope", error="invalid_token", ${METADATA}/free"`;
    expect(await challenge('/free', agent('', url))).toBe(expected);
    const { headers } = await application.ask('/free', null, { authorization: 'Bearer x' });
    expect(headers.get('www-authenticate')).toBe(expected);
    expect((await application.ask('/free/optional', agent(''))).headers.get('www-authenticate')).toBe(
      expected,
    );
  });

  it('names all scopes of the handler where one is missing', async () => {
    const expected = `Bearer realm="descope", error="insufficient_scope", scope="orders:read orders:write orders:connect admin", ${METADATA}/orders"`;
    for (const scope of ['', 'orders:connect', 'orders:connect orders:read orders:write']) {
      expect(await application.verdict('/orders/all', agent(scope))).toBe('403 ACCESS_SCOPE_MISSING');
      expect(await challenge('/orders/all', agent(scope))).toBe(expected);
    }
    const all = 'orders:connect orders:read orders:write';
    expect(await application.verdict('/orders/all', agent(`${all} orders:admin`))).toBe('200');
  });

  it('names one of the scopes of which one is enough, if no other demand names one of them', async () => {
    expect(await challenge('/orders/any', null)).toContain('scope="orders:connect", ');
  });

  it('names no scope where a role is missing, and is absent for a missing tenant', async () => {
    const caller = agent('orders:connect');
    expect(await challenge('/orders/edit', caller)).toBe(
      `Bearer realm="descope", error="insufficient_scope", ${METADATA}/orders"`,
    );
    expect(await challenge('/orders/tenant', caller)).toBe(null);
  });

  it('names the context classes of a step-up, and the rest of RFC 9470', async () => {
    const expected = `Bearer realm="descope", error="insufficient_user_authentication", max_age="300", acr_values="urn:acr:mfa urn:acr:otp", scope="orders:connect", ${METADATA}/orders"`;
    expect(await challenge('/orders/pay', agent('orders:connect'))).toBe(expected);
    expect(await application.verdict('/orders/pay', agent('orders:connect', undefined, { su: true }))).toBe(
      '200',
    );
  });

  it('names the metadata where the handler itself throws', async () => {
    expect(await challenge('/orders/thrown', agent('orders:connect'))).toBe(
      `Bearer realm="descope", error="invalid_token", scope="orders:connect", ${METADATA}/orders"`,
    );
  });

  it('names the scopes that the handler itself finds missing, beside those that it demands', async () => {
    expect(await challenge('/orders/part', agent('orders:connect'))).toBe(
      `Bearer realm="descope", error="insufficient_scope", scope="orders:connect orders:part", ${METADATA}/orders"`,
    );
  });

  it('is absent on a public route', async () => {
    expect(await application.verdict('/orders/open', null)).toBe('200');
    expect(await challenge('/orders/open', null)).toBe(null);
  });

  it('names nothing of a resource on the other routes', async () => {
    expect(await challenge('/plain', null)).toBe('Bearer realm="descope"');
    expect(await challenge('/plain', { scope: 'more' })).toBe(
      'Bearer realm="descope", error="insufficient_scope", scope="orders:read orders:write"',
    );
    expect(await challenge('/plain/aged', {})).toBe(
      'Bearer realm="descope", error="insufficient_user_authentication", max_age="300"',
    );
    expect(await challenge('/plain/pay', {})).toBe(
      'Bearer realm="descope", error="insufficient_user_authentication", max_age="300", acr_values="urn:acr:mfa urn:acr:otp"',
    );
  });
});

describe('@StepUp({ acrValues })', () => {
  it('takes names that can stand in a challenge only', () => {
    for (const acrValues of [[], [''], ['a b'], ['a"'], [7], 'a', null])
      expect(() => StepUp({ acrValues } as never)).toThrow(/@StepUp\(\) expects/);
    expect(() => StepUp({ other: 1 } as never)).toThrow(/@StepUp\(\) expects/);
    expect(() => StepUp({ acrValues: ['a'] })).not.toThrow();
  });
});
