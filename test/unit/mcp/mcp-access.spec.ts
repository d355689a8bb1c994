// What a caller of an MCP server may see and call, where one of several demands is enough.
import { describe, expect, it } from '@jest/globals';
import type { AccessPolicy, Demand } from 'nestjs-descope';
import type { TestIdentity } from 'nestjs-descope/testing';
import { createTestDescope } from 'nestjs-descope/testing';
import type { DescopeCall } from '#lib/auth/transports/call.js';
import type { DescopeConfig } from '#lib/core/config/config.js';
import { DescopeSession } from '#lib/core/session/session.js';
import type { McpCaller } from '#lib/mcp/mcp-access.js';
import { hasObtained, isPermitted } from '#lib/mcp/mcp-access.js';

const descope = createTestDescope();
const config = { clock: Date.now, superuserBypass: false } as DescopeConfig;
const call = { headers: { headers: { 'x-tenant': 'acme' } } } as unknown as DescopeCall;
const toCaller = (identity: TestIdentity | null): McpCaller => {
  const session = identity === null ? DescopeSession.anonymous() : descope.session(identity);
  return { call, session, config };
};

const admin: Demand = { kind: 'roles', names: ['admin'], match: 'any' };
const scope: Demand = { kind: 'scopes', names: ['orders:write'], match: 'all' };
const ofRoute: Demand = { kind: 'roles', names: ['editor'], match: 'any', tenant: true };
const ofHeader: Demand = { kind: 'roles', names: ['editor'], match: 'any', tenant: 'header:x-tenant' };
const ofArguments: Demand = { kind: 'roles', names: ['editor'], match: 'any', tenant: 'param:tenant' };
const anyOf = (...alternatives: readonly Demand[]): Demand => ({ kind: 'any-of', alternatives });
const policyOf = (...demands: readonly Demand[]): AccessPolicy => ({ mode: 'required', demands });

const member = { tenants: { acme: { roles: ['editor'] } } };

describe('Alternatives before the call of an MCP server', () => {
  it.each<[string, AccessPolicy, TestIdentity | null, boolean]>([
    ['by the demand that is met', policyOf(anyOf(admin, { kind: 'staff' })), { roles: ['is_staff'] }, true],
    ['unless none is met', policyOf(anyOf(admin, { kind: 'staff' })), {}, false],
    ['to nobody', policyOf(anyOf(admin, { kind: 'staff' })), null, false],
    ['if a scope would be enough', policyOf(anyOf(admin, scope)), {}, true],
    ['by a tenant that the request names', policyOf(anyOf(admin, ofHeader)), member, true],
    ['unless it names another', policyOf(anyOf(admin, ofHeader)), { tenants: { beta: {} } }, false],
    ['if the arguments name the tenant', policyOf(anyOf(admin, ofArguments)), {}, true],
    ['unless what stands beside is missing', policyOf(admin, anyOf(scope, ofArguments)), {}, false],
    [
      "if the arguments name the route's tenant",
      policyOf({ kind: 'tenant', from: 'param:tenant' }, anyOf(admin, ofRoute)),
      {},
      true,
    ],
  ])('show a tool %s', async (_when, policy, identity, isShown) => {
    expect(await isPermitted(policy, toCaller(identity))).toBe(isShown);
  });

  it.each<[string, AccessPolicy, TestIdentity, boolean]>([
    ['a scope that another demand makes needless', policyOf(anyOf(admin, scope)), { roles: ['admin'] }, true],
    ['a scope that would be enough', policyOf(anyOf(admin, scope)), {}, false],
    ['a scope, where a tenant of the call may be enough', policyOf(anyOf(scope, ofArguments)), {}, true],
    ["a scope, where the route's tenant may be enough", policyOf(anyOf(scope, ofRoute)), {}, true],
    ['no scope, where only roles are asked for', policyOf(anyOf(admin, { kind: 'staff' })), {}, true],
  ])('ask for %s', (_what, policy, identity, isObtained) => {
    expect(hasObtained(policy, toCaller(identity))).toBe(isObtained);
  });
});
