// An unmodified OAuth client finds everything by itself: resource, authorization server, registration, and a second scope.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Post } from '@nestjs/common';
import { CurrentUser, DescopeModule, ProtectedResource, Scopes } from 'nestjs-descope';
import type { Emulator } from 'nestjs-descope/emulator';
import { startEmulator } from 'nestjs-descope/emulator';
import * as oauth from 'oauth4webapi';
import type { AdapterName, RunningApplication } from '../../support/application.js';
import { ADAPTERS, start as startApplication } from '../../support/application.js';
import { discover, INSECURE, signIn } from '../../support/oauth-flow.js';

const CALLBACK = 'http://127.0.0.1:3000/callback';

@ProtectedResource({ scopes: ['orders:read', 'orders:write'] })
@Scopes('orders:read')
@Controller('orders')
class OrdersController {
  @Get() list(@CurrentUser('id') id: string) {
    return { id };
  }

  @Scopes('orders:write') @Post() add() {
    return { added: true };
  }
}

describe.each(ADAPTERS)('A client of a protected resource on %s', (adapter: AdapterName) => {
  let emulator: Emulator;
  let application: RunningApplication;
  let resource: URL;
  beforeAll(async () => {
    const scopes = ['orders:read', 'orders:write'];
    emulator = await startEmulator({
      seed: {
        users: [{ loginId: 'ada@example.com', userId: 'U2ada' }],
        inboundApps: [{ name: 'shop', clientSecret: 's', scopes }],
      },
    });
    // Nothing of the resource is read from a request, so its address stands in the option before it is known.
    const options = () => ({
      projectId: emulator.projectId,
      baseUrl: emulator.url,
      audience: null,
      resource: { url: 'http://127.0.0.1:8099' },
    });
    application = await startApplication(adapter, {
      imports: [DescopeModule.forRootAsync({ useFactory: options })],
      controllers: [OrdersController],
    });
    resource = new URL('http://127.0.0.1:8099/orders');
  });
  afterAll(async () => {
    await application.close();
    await emulator.close();
  });

  // The client believes to call the public URL; the network leads it to the application.
  const network = {
    ...INSECURE,
    [oauth.customFetch]: (url: string, init: object) => fetch(toLocal(url), init),
  };
  const toLocal = (url: string) => url.replace('http://127.0.0.1:8099', application.url);
  const call = async (method: string, token: string) =>
    oauth.protectedResourceRequest(token, method, resource, undefined, undefined, network);

  it('gets from a 401 to a response, and from a 403 to a second scope', async () => {
    const challenge = await fetch(toLocal(resource.href));
    expect(challenge.status).toBe(401);
    const found = await oauth.resourceDiscoveryRequest(resource, network);
    const metadata = await oauth.processResourceDiscoveryResponse(resource, found);
    const as = await discover(metadata.authorization_servers?.[0] ?? '');
    const registered = await oauth.dynamicClientRegistrationRequest(
      as,
      { redirect_uris: [CALLBACK] },
      INSECURE,
    );
    const client = await oauth.processDynamicClientRegistrationResponse(registered);
    const party = { as, client: { client_id: client.client_id }, auth: oauth.None(), redirectUri: CALLBACK };
    const wanted = { resource: metadata.resource };
    const { access_token: poor } = await signIn(party, { ...wanted, scope: 'orders:read' });
    expect(await (await call('GET', poor)).json()).toEqual({ id: 'U2ada' });
    const thrown: unknown = await call('POST', poor).catch((error: unknown) => error);
    const [{ parameters }] = (thrown as oauth.WWWAuthenticateChallengeError).cause as [
      oauth.WWWAuthenticateChallenge,
    ];
    expect(parameters).toMatchObject({ error: 'insufficient_scope', scope: 'orders:write orders:read' });
    const { access_token: rich } = await signIn(party, { ...wanted, scope: parameters.scope });
    expect((await call('POST', rich)).status).toBe(201);
  });

  it('gets nothing with a token for another resource', async () => {
    const token = await emulator.issueAppToken({
      scopes: ['orders:read'],
      audience: 'http://127.0.0.1:8099/other',
    });
    await expect(call('GET', token)).rejects.toThrow(oauth.WWWAuthenticateChallengeError);
  });
});
