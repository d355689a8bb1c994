// The metadata of protected resources (RFC 9728): where it is served, what it says, and that no request changes it.
import { request } from 'node:http';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { Type } from '@nestjs/common';
import { Controller, Get, VersioningType } from '@nestjs/common';
import type { DescopeModuleOptions } from 'nestjs-descope';
import { DescopeModule, ProtectedResource } from 'nestjs-descope';
import { createTestDescope } from 'nestjs-descope/testing';
import type { RunningApplication, StartOptions } from '../../support/application.js';
import { ADAPTERS, start } from '../../support/application.js';

@Controller('plain')
class PlainController {
  @Get() list() {}
}

@ProtectedResource({ path: '/mcp', scopes: ['orders:read', 'offline_access', 'orders:write', 'orders:read'] })
@Controller('mcp')
class McpController {
  @Get() list() {}
}

@ProtectedResource()
@Controller('reports')
class ReportsController {
  @Get() list() {}
}

const ROOT = '/.well-known/oauth-protected-resource';
const URL = 'https://api.example.com';
const servers = ['https://api.descope.com/v1/apps/agentic/P2testtesttesttesttesttest/MS2test'];

describe.each(ADAPTERS)('The metadata of protected resources, on %s,', (adapter) => {
  const descope = createTestDescope();
  let application: RunningApplication;
  afterEach(() => application.close());

  const boot = async (
    options: DescopeModuleOptions,
    configure: StartOptions['configure'] = () => undefined,
    controllers: Type[] = [McpController, ReportsController, PlainController],
  ) => {
    const imports = [DescopeModule.forRoot(options)];
    const override = descope.override.bind(descope);
    application = await start(
      adapter,
      { imports, controllers },
      { override: (builder) => override(builder), configure },
    );
    return application;
  };

  it('is served for the application and for each resource, to everyone', async () => {
    const documentation = 'https://docs.example.com/api';
    await boot({ resource: { url: `${URL}/`, scopes: ['reports:read', 'offline_access'], documentation } });
    const bearer_methods_supported = ['header'];
    const rest = {
      authorization_servers: [`https://api.descope.com/v1/apps/${descope.projectId}`],
      bearer_methods_supported,
      resource_documentation: documentation,
    };
    expect((await application.request(ROOT)).body).toEqual({
      resource: URL,
      scopes_supported: ['reports:read'],
      ...rest,
    });
    expect((await application.request(`${ROOT}/mcp`)).body).toEqual({
      resource: `${URL}/mcp`,
      scopes_supported: ['orders:read', 'orders:write'],
      ...rest,
    });
    expect((await application.request(`${ROOT}/reports`)).body).toEqual({
      resource: `${URL}/reports`,
      scopes_supported: ['reports:read'],
      ...rest,
    });
    expect((await application.request(`${ROOT}/plain`)).status).toBe(404);
  });

  it('names the authorization servers of the option, and no scopes where there are none', async () => {
    await boot({ resource: { url: URL, servers } });
    expect((await application.request(ROOT)).body).toEqual({
      resource: URL,
      authorization_servers: servers,
      bearer_methods_supported: ['header'],
    });
  });

  it('may be read by pages of every origin, and stored by every cache', async () => {
    await boot({ resource: { url: URL } });
    const { status, headers } = await application.request(`${ROOT}/mcp`, {
      headers: { origin: 'https://client.example' },
    });
    expect(status).toBe(200);
    expect(headers.get('content-type')).toMatch(/^application\/json(?:;|$)/);
    expect(headers.get('access-control-allow-origin')).toBe('*');
    expect(headers.get('cache-control')).toBe('public, max-age=3600');
    const preflight = await application.request(`${ROOT}/mcp`, {
      method: 'OPTIONS',
      headers: {
        origin: 'https://client.example',
        'access-control-request-method': 'GET',
        'access-control-request-headers': 'mcp-protocol-version',
      },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-origin')).toBe('*');
    expect(preflight.headers.get('access-control-allow-headers')).toBe('*');
    expect(preflight.headers.get('access-control-allow-methods')).toBe('GET, HEAD, OPTIONS');
  });

  it('is the same for HEAD without a body, and for a query, and nothing for other methods', async () => {
    await boot({ resource: { url: URL } });
    const { text } = await application.request(`${ROOT}/mcp?x=1`);
    const head = await application.request(`${ROOT}/mcp`, { method: 'HEAD' });
    expect([head.status, head.text]).toEqual([200, '']);
    expect(head.headers.get('content-length')).toBe(String(Buffer.byteLength(text)));
    expect([404, 405]).toContain((await application.request(`${ROOT}/mcp`, { method: 'POST' })).status);
  });

  it('is outside the global prefix and the versions, which are part of the path of a resource', async () => {
    @ProtectedResource()
    @Controller({ path: 'mcp', version: '2' })
    class VersionedController {
      @Get() list() {}
    }
    await boot(
      { resource: { url: URL } },
      (app) => app.setGlobalPrefix('api').enableVersioning({ type: VersioningType.URI }),
      [VersionedController, ReportsController],
    );
    expect((await application.request(`${ROOT}/api/v2/mcp`)).body['resource']).toBe(`${URL}/api/v2/mcp`);
    expect((await application.request(`${ROOT}/api/reports`)).body['resource']).toBe(`${URL}/api/reports`);
    expect((await application.request('/api/v2/mcp')).status).toBe(401);
    expect((await application.request(`/api${ROOT}/reports`)).status).toBe(404);
  });

  it('has the path of the public URL, which a proxy may remove before the application', async () => {
    await boot({ resource: { url: 'https://example.com/shop' } });
    const { body } = await application.request(`${ROOT}/shop/mcp`);
    expect(body['resource']).toBe('https://example.com/shop/mcp');
    expect((await application.request(`${ROOT}/shop`)).body['resource']).toBe('https://example.com/shop');
  });

  it('never repeats what a request says of the host', async () => {
    await boot({ resource: { url: URL } });
    const forged = {
      host: 'evil.example',
      'x-forwarded-host': 'evil.example',
      'x-forwarded-proto': 'http',
      'x-forwarded-prefix': '/evil',
      forwarded: 'host=evil.example;proto=http',
    };
    for (const path of [ROOT, `${ROOT}/mcp`, '/mcp']) {
      const { text, challenge } = await askForged(application.url + path, forged);
      expect(text + challenge).not.toContain('evil');
      expect(text + challenge).toContain(path === '/mcp' ? `${URL}${ROOT}/mcp` : URL);
    }
  });

  it('is not served without the option', async () => {
    await boot({}, undefined, [PlainController]);
    expect((await application.request(ROOT)).status).toBe(404);
    expect((await application.request('/plain')).headers.get('www-authenticate')).toBe(
      'Bearer realm="descope"',
    );
  });
});

function askForged(
  url: string,
  headers: Record<string, string>,
): Promise<{ text: string; challenge: string }> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { headers, agent: false }, async (response) => {
      let text = '';
      for await (const chunk of response) text += String(chunk);
      resolve({ text, challenge: response.headers['www-authenticate'] ?? '' });
    });
    sent.on('error', reject).end();
  });
}
