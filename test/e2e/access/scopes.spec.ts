// @Scopes asks for OAuth scopes, and the challenge names them.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get } from '@nestjs/common';
import { CurrentUser, DescopeConfigError, Roles, Scopes } from 'nestjs-descope';
import type { AccessApplication } from '../../support/access-application.js';
import { startAccess } from '../../support/access-application.js';
import { ADAPTERS } from '../../support/application.js';

@Scopes('orders:read')
@Controller()
class ScopesController {
  @Get('class') inherits(@CurrentUser('scopes') scopes: readonly string[]) {
    return { scopes };
  }

  @Scopes('orders:write', 'orders:ship') @Get('all') all() {}

  @Scopes.any('orders:write', 'orders:ship') @Get('any') any() {}

  @Roles('orders:read') @Get('role') role() {}
}

const MISSING = '403 ACCESS_SCOPE_MISSING';

describe.each(ADAPTERS)('@Scopes(), on %s,', (adapter) => {
  let application: AccessApplication;

  beforeAll(async () => {
    application = await startAccess(adapter, { controllers: [ScopesController] });
  });
  afterAll(() => application.close());

  it('takes scopes in one text, as Descope writes them, or in a list', async () => {
    const callers = [
      { scope: 'x orders:read' },
      { scope: ['orders:read'] },
      { scope: 'orders:readx' },
      {},
      null,
    ];
    expect(await application.verdicts('/class', callers)).toEqual([
      '200',
      '200',
      MISSING,
      MISSING,
      '401 SESSION_MISSING',
    ]);
    expect((await application.ask('/class', { scope: 'orders:read x' })).body).toEqual({
      scopes: ['orders:read', 'x'],
    });
  });

  it('asks for all of the handler and of the class, or with any for one', async () => {
    const read = { scope: 'orders:read' };
    const write = { scope: 'orders:read orders:write' };
    const full = { scope: 'orders:read orders:write orders:ship' };
    expect(await application.verdicts('/all', [read, write, full])).toEqual([MISSING, MISSING, '200']);
    expect(await application.verdicts('/any', [read, write, { scope: 'orders:write' }])).toEqual([
      MISSING,
      '200',
      MISSING,
    ]);
  });

  it('takes no scope for a role, and no role or permission for a scope', async () => {
    const scope = 'orders:read';
    expect(await application.verdict('/role', { scope })).toBe('403 ACCESS_ROLE_MISSING');
    expect(await application.verdict('/role', { scope, roles: [scope] })).toBe('200');
    expect(await application.verdict('/class', { roles: [scope], permissions: [scope] })).toBe(MISSING);
  });

  it('says in the challenge which scopes are asked for', async () => {
    expect(await application.challenge('/class', {})).toBe(
      'Bearer realm="descope", error="insufficient_scope", scope="orders:read"',
    );
    expect(await application.challenge('/all', { scope: 'orders:read' })).toBe(
      'Bearer realm="descope", error="insufficient_scope", scope="orders:write orders:ship"',
    );
    expect(await application.challenge('/class', null)).toBe('Bearer realm="descope"');
  });

  it.each([['a b'], ['a"b'], ['a\\b'], ['ä']])('rejects the definition %j', (scope) => {
    expect(() => Scopes(scope)).toThrow(DescopeConfigError);
    expect(() => Scopes.any('fine', scope)).toThrow(DescopeConfigError);
  });
});
