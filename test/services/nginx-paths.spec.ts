// Spellings of a path, at the documented nginx in front of a real service: none reaches an administrator's route past the
// check for the role.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { All, Controller, Get, Module, Req } from '@nestjs/common';
import type { RunningApplication } from '../support/application.js';
import { ADAPTERS, start } from '../support/application.js';
import { sendRaw } from '../support/raw-request.js';
import type { SessionApplication } from '../support/session-application.js';
import { startWithSessions } from '../support/session-application.js';
import { startNginx } from './support/nginx.js';

@Controller('admin')
class AdminController {
  @Get() index() {
    return 'for administrators';
  }

  @All('*') all(@Req() request: { readonly url: string }) {
    return `for administrators: ${request.url}`;
  }
}

@Controller()
class OpenController {
  @Get('administrators') administrators() {
    return 'for everybody';
  }

  @Get('orders') orders() {
    return 'for everybody';
  }
}

@Module({ controllers: [AdminController, OpenController] })
class Service {}

const FORBIDDEN = [
  '/admin',
  '/admin/',
  '/admin?x=1',
  '/admin/users',
  '/admin/users/',
  '/ADMIN',
  '/ADMIN/users',
  '/Admin/users?of=/orders',
  '/aDmIn/',
  '/%61dmin/users',
  '/%41DMIN/users',
  '/adm%69n/users',
  '/admin.',
  '/admin./users',
  '/admin.json',
  '/admin%20/users',
  '/admin%09',
  '/admin%c0%afusers',
  '/admin:8080/users',
  '/admin,users',
];
const AMBIGUOUS = [
  '//admin/users',
  '/admin//users',
  '///ADMIN',
  '/./admin/users',
  '/orders/../admin/users',
  '/orders/..',
  '/admin/../orders',
  '/admin/users/..?x',
  '/%2e/admin/users',
  '/orders/%2e%2e/admin/users',
  '/admin/%2E%2E/orders',
  '/orders/.%2e/admin',
  '/orders%2f..%2fadmin',
  '/admin%2fusers',
  '/admin%2Fusers',
  '/%2561dmin/users',
  '/admin%252fusers',
  '/admin;x=1/users',
  '/admin;/users',
  '/orders;/admin',
  '/orders/..;/admin/users',
  '/admin%3bx=1/users',
  '/admin\\users',
  '/orders\\..\\admin',
  '/admin%5cusers',
  '/orders#/../admin',
  '/admin%23',
  '/admin%00',
];

describe.each(ADAPTERS)('nginx and a service on %s', (adapter) => {
  let app: SessionApplication;
  let service: RunningApplication;
  let gateway: Awaited<ReturnType<typeof startNginx>>;
  beforeAll(async () => {
    const check = { roles: ['admin'], methodHeader: 'X-Original-Method' };
    app = await startWithSessions(adapter, { routes: { check } });
    service = await start(adapter, { imports: [Service] });
    gateway = await startNginx({ application: app.url, service: service.url });
  });
  afterAll(async () => {
    await gateway?.stop();
    await service?.close();
    await app?.stop();
  });

  // fetch would tidy the path up.
  const send = async (path: string, ...roles: string[]) => {
    const claims = { sub: 'U2anna', drn: 'DS', amr: ['pwd'], roles };
    const token = await app.emulator.signToken({ claims });
    return sendRaw(gateway.url, `GET ${path}`, [`Authorization: Bearer ${token}`]);
  };

  it.each(FORBIDDEN)('asks for the role at %s', async (path) => {
    const { status, text } = await send(path, 'editor');
    expect([path, status]).toEqual([path, 403]);
    expect(text).not.toContain('for administrators');
  });

  it.each(AMBIGUOUS)('rejects %s, which may be read in two ways', async (path) => {
    for (const role of ['editor', 'admin'])
      expect([path, (await send(path, role)).status]).toEqual([path, 400]);
  });

  it('lets an administrator in', async () => {
    for (const path of ['/admin', '/admin/users', '/admin/users?a=%2f&b=..;//'])
      expect([path, (await send(path, 'admin')).text]).toEqual([
        path,
        expect.stringContaining('for administrators'),
      ]);
  });

  it('lets everybody with a session reach what only begins like it, and what stands in a query', async () => {
    for (const path of ['/administrators', '/orders', '/orders?next=//admin/../;%2f', '/orders?'])
      expect([path, (await send(path, 'editor')).text]).toEqual([
        path,
        expect.stringContaining('for everybody'),
      ]);
  });
});
