// Alternatives in the access map, the matrix, explanations and OpenAPI documents, against what the routes really answer.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { CanActivate } from '@nestjs/common';
import { Controller, Get, Injectable } from '@nestjs/common';
import { ApiSecurity, DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import {
  Authorize,
  DescopeModule,
  FgaCheck,
  Permissions,
  Roles,
  Scopes,
  Staff,
  StepUp,
  Tenant,
} from 'nestjs-descope';
import { AnyOf } from 'nestjs-descope/access';
import type { AccessMatrix } from 'nestjs-descope/inspect';
import {
  accessMatrix,
  applyDescopeSecurity,
  describeAccess,
  explainAccess,
  formatAccess,
} from 'nestjs-descope/inspect';
import { createTestDescope } from 'nestjs-descope/testing';
import type { RunningApplication } from '../../support/application.js';
import { ADAPTERS, start } from '../../support/application.js';
import { CollectingLogger } from '../../support/collecting-logger.js';
import { compareWithHttp } from '../../support/matrix-against-http.js';
import { createSigningKey } from '../../support/tokens.js';

@Injectable()
class TokenGuard implements CanActivate {
  canActivate() {
    return false;
  }
}

const isOwner = () => false;
const isDoc = { resourceType: 'doc', resource: 'param:id', relation: 'can_view' } as const;

@Controller()
class AlternativesController {
  @AnyOf(Roles('admin', 'owner'), Permissions('read')) @Get('demands') demands() {
    return {};
  }
  @AnyOf(Scopes('orders:read'), StepUp()) @Get('obtainable') obtainable() {
    return {};
  }
  @AnyOf(Roles('admin'), Authorize(isOwner), FgaCheck(isDoc)) @Get('rules/:id') rules() {
    return {};
  }
  @Roles('editor') @AnyOf(Staff(), Authorize(isOwner)) @Get('beside') beside() {
    return {};
  }
  @AnyOf(Roles('admin'), TokenGuard) @ApiSecurity('token') @Get('guard') guard() {
    return {};
  }
  @Roles('editor')
  @AnyOf(Roles('admin'), TokenGuard)
  @ApiSecurity('token')
  @Get('guard-beside')
  guardBeside() {
    return {};
  }
  @AnyOf(Tenant({ from: 'param:tenant' }), Staff()) @Get('of/:tenant') ofTenant() {
    return {};
  }
  @AnyOf(Roles('editor', { tenant: 'param:tenant' }), Authorize(isOwner)) @Get('rule-of/:tenant') ruleOf() {
    return {};
  }
}

const toVerdict = ({ rows }: AccessMatrix, path: string, persona: string) =>
  rows.find((row) => row.path === path)?.verdicts[persona];

describe.each(ADAPTERS)('Alternatives, looked at on %s', (adapter) => {
  const descope = createTestDescope();
  const callers = {
    ada: descope.as({ sub: 'U2ada', roles: ['admin', 'is_staff'], su: true }),
    bob: descope.as({ sub: 'U2bob', tenants: { acme: { roles: ['editor'] } } }),
    eve: descope.as({ sub: 'U2eve', roles: ['editor'], permissions: ['read'], scope: 'orders:read' }),
    gone: descope.expired(),
  };
  const personas = { anonymous: 'anonymous', ...callers };
  const bearers = Object.fromEntries(Object.entries(callers).map(([name, { token }]) => [name, token]));
  const logger = new CollectingLogger();
  let application: RunningApplication;

  beforeAll(async () => {
    application = await start(
      adapter,
      {
        imports: [DescopeModule.forRoot({ audience: null, managementKey: 'K2key', explain: true })],
        controllers: [AlternativesController],
        providers: [TokenGuard],
      },
      { override: (builder) => descope.override(builder), logger },
    );
  });
  afterAll(() => application.close());

  it('are one demand of the access map, as data and as text', () => {
    const map = describeAccess(application.app);
    const of = (path: string) => map.find((entry) => entry.path === path)?.demands;
    expect(of('/demands')).toEqual([
      {
        kind: 'any-of',
        alternatives: [
          expect.objectContaining({ kind: 'roles', names: ['admin', 'owner'], match: 'any' }),
          expect.objectContaining({ kind: 'permissions', names: ['read'], match: 'all' }),
        ],
      },
    ]);
    expect(of('/guard')).toEqual([
      {
        kind: 'any-of',
        alternatives: [expect.objectContaining({ kind: 'roles' }), { kind: 'guard', guard: 'TokenGuard' }],
      },
    ]);
    expect(JSON.parse(JSON.stringify(map))).toEqual(map);
    const text = formatAccess(map);
    expect(text).toContain('any of (roles: admin or owner) or (permissions: read)');
    expect(text).toContain('any of (roles: admin) or (guard: TokenGuard)');
    expect(text).toContain('any of (staff) or (rule: isOwner)');
  });

  it('have the verdicts of the matrix that the routes answer', async () => {
    for (const values of [{}, ...['acme', 'other'].map((tenant) => ({ 'param:tenant': tenant }))]) {
      const matrix = await accessMatrix(application.app, personas, { values });
      const { wrong, counts } = await compareWithHttp(matrix, { url: application.url, bearers, values });
      expect(wrong).toEqual([]);
      expect([counts.allowed > 5, counts.rejected > 12]).toEqual([true, true]);
    }
  });

  it('depend in the matrix on rules and guards only where the token does not settle it', async () => {
    const matrix = await accessMatrix(application.app, personas);
    const outcome = (path: string, persona: string) => toVerdict(matrix, path, persona)?.outcome;
    const on = (path: string, persona: string) => toVerdict(matrix, path, persona)?.on;
    expect([outcome('/demands', 'ada'), outcome('/demands', 'eve')]).toEqual(['allowed', 'allowed']);
    expect(toVerdict(matrix, '/demands', 'bob')?.rejections).toEqual([
      { status: 403, code: 'ACCESS_ALTERNATIVES_MISSING' },
    ]);
    expect(toVerdict(matrix, '/obtainable', 'bob')?.rejections).toEqual([
      { status: 403, code: 'ACCESS_SCOPE_MISSING' },
    ]);
    expect(outcome('/rules/:id', 'ada')).toBe('allowed');
    expect(on('/rules/:id', 'bob')).toEqual([expect.stringContaining('(rule: isOwner) or (relation: ')]);
    expect(outcome('/beside', 'bob')).toBe('rejected');
    expect(on('/beside', 'eve')).toEqual(['any of (staff) or (rule: isOwner)']);
    for (const persona of ['anonymous', 'bob'])
      expect(on('/guard', persona)).toEqual(['any of (roles: admin) or (guard: TokenGuard)']);
    expect(outcome('/guard', 'ada')).toBe('allowed');
    expect(toVerdict(matrix, '/guard', 'gone')?.rejections).toEqual([{ status: 401, code: 'TOKEN_EXPIRED' }]);
    expect(toVerdict(matrix, '/guard-beside', 'anonymous')?.rejections).toEqual([
      { status: 401, code: 'SESSION_MISSING' },
    ]);
    expect(on('/of/:tenant', 'bob')).toEqual(['param:tenant']);
    expect(outcome('/of/:tenant', 'ada')).toBe('allowed');
    expect(on('/rule-of/:tenant', 'bob')).toEqual([expect.stringContaining('any of (roles: editor')]);
    const ofAcme = await accessMatrix(application.app, personas, { values: { 'param:tenant': 'acme' } });
    expect(toVerdict(ofAcme, '/rule-of/:tenant', 'bob')?.outcome).toBe('allowed');
  });

  it('leave an opaque persona to the guard', async () => {
    const matrix = await accessMatrix(application.app, { program: 'a.b.c' });
    expect(toVerdict(matrix, '/guard', 'program')?.outcome).toBe('depends');
    expect(toVerdict(matrix, '/guard-beside', 'program')?.rejections).toEqual([
      { status: 401, code: 'TOKEN_MALFORMED' },
    ]);
  });

  it('are explained with what the token has of each', async () => {
    const { app } = application;
    const { text } = await explainAccess(app, { endpoint: 'GET /demands', persona: callers.ada });
    expect(text).toContain(
      '- any of (roles: admin or owner) or (permissions: read): met, found [["admin"],[]]',
    );
    const bob = await explainAccess(app, { endpoint: 'GET /demands', persona: callers.bob });
    expect(bob.text).toContain('not met (ACCESS_ALTERNATIVES_MISSING), found [[],[]]');
    const nobody = await explainAccess(app, { endpoint: 'GET /guard', persona: 'anonymous' });
    expect(nobody.text).toContain('- any of (roles: admin) or (guard: TokenGuard): not judged');
  });

  it('are in the log line of a rejection', async () => {
    const { bob } = callers;
    await application.request('/demands', { headers: bob.bearer });
    await application.request('/rule-of/acme', { headers: callers.eve.bearer });
    const lines = logger.entries.join('\n');
    expect(lines).toContain('AlternativesController.demands: 403 ACCESS_ALTERNATIVES_MISSING');
    expect(lines).toMatch(/AlternativesController\.ruleOf: 403 [^]*none of the alternatives/);
    expect(lines).toContain('ACCESS_TENANT_MISSING, ACCESS_POLICY_REFUSED');
  });

  it('keep in OpenAPI what the application wrote for a guard, and name the rejections', async () => {
    const { projectId } = descope;
    const fixed = { projectId, keys: [createSigningKey().jwk], managementKey: 'K2key' };
    const other = await start(adapter, {
      imports: [DescopeModule.forRoot(fixed)],
      controllers: [AlternativesController],
      providers: [TokenGuard],
    });
    const { app } = other;
    const document = SwaggerModule.createDocument(app, new DocumentBuilder().build());
    const { paths } = applyDescopeSecurity(document, app);
    const ours = [{ descopeBearer: [] }, { descopeCookie: [] }];
    expect(paths['/guard']?.get?.security).toEqual([...ours, { token: [] }]);
    expect(paths['/guard-beside']?.get?.security).toEqual(ours);
    expect(paths['/demands']?.get?.description).toContain('any of (roles: admin or owner)');
    const statuses = (path: string) =>
      Object.keys(paths[path]?.get?.responses ?? {}).filter((one) => one >= '400');
    expect(statuses('/demands')).toEqual(['401', '403']);
    expect(statuses('/obtainable')).toEqual(['401', '403']);
    expect(statuses('/rules/{id}')).toEqual(['401', '403', '503']);
    await other.close();
  });
});
