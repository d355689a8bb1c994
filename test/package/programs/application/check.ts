// Boots the application on test keys, asks it, tells the answers, and ends by itself.
import 'reflect-metadata';
import { Test } from '@nestjs/testing';
import { createTestDescope } from 'nestjs-descope/testing';
import type { TestIdentity } from 'nestjs-descope/testing';
import { AppModule } from './app.module.js';

async function check(): Promise<void> {
  const descope = createTestDescope();
  const module = await descope.override(Test.createTestingModule({ imports: [AppModule] })).compile();
  const app = module.createNestApplication({ logger: false });
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address() as { port: number };
  const ask = async (path: string, headers: Record<string, string> = {}) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers });
    const { code } = (await response.json()) as { code?: string };
    return `${response.status} ${code ?? ''}`.trim();
  };
  const answers = {
    public: await ask('/public'),
    nobody: await ask('/me'),
    bearer: await ask('/me', descope.as().bearer),
    cookie: await ask('/me', descope.as().cookie),
    expired: await ask('/me', descope.expired().bearer),
    tampered: await ask('/me', descope.tampered().bearer),
    plain: await ask('/admin', descope.as().bearer),
    admin: await ask('/admin', descope.as({ roles: ['admin'] }).bearer),
  };
  const as = (identity: TestIdentity) => descope.as(identity).bearer;
  const inTenant = (...roles: string[]) => ({ tenants: { acme: { roles } } });
  const access = {
    tenant: await ask('/tenants/acme', as(inTenant('admin'))),
    tenantRole: await ask('/tenants/acme', as(inTenant())),
    otherTenant: await ask('/tenants/globex', as(inTenant('admin'))),
    namedTenant: await ask('/acme', as({ ...inTenant(), permissions: ['read'] })),
    scopes: await ask('/scopes', as({ scope: 'orders:read' })),
    noScopes: await ask('/scopes', as({})),
    strong: await ask('/strong', as({ su: true, amr: ['pwd', 'totp'] })),
    notStrong: await ask('/strong', as({ amr: ['pwd', 'totp'] })),
    app: await ask('/apps', as({ kind: 'app', aud: 'orders' })),
    otherApp: await ask('/apps', as({ kind: 'app' })),
    user: await ask('/apps', as({ aud: 'orders' })),
    standing: await ask('/standing', as({ roles: ['is_staff', 'is_superuser'] })),
    noStanding: await ask('/standing', as({ roles: ['is_staff'] })),
    policies: await ask('/policies', as({ sub: 'U2anna' })),
    noPolicies: await ask('/policies', as({ sub: 'U2bob' })),
    functions: await ask('/functions', as({ roles: ['is_staff'] })),
    noFunctions: await ask('/functions', as({})),
  };
  await app.close();
  console.log(JSON.stringify({ answers, access }));
}

void check();
