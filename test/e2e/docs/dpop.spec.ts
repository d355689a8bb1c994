// The programs of the page about bound tokens: openid-client and dpop, unmodified, against the application on both adapters.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { generateKeyPair, generateProof } from 'dpop';
import { ADAPTERS, ask } from '../../support/application.js';
import { findFreePort } from '../../support/free-port.js';
import type { PageProgram } from '../../support/page-program.js';
import { findBlock, runPageProgram } from '../../support/page-program.js';
import { useEmulator } from '../../support/use-emulator.js';

const page = 'docs/dpop.md';
const application = findBlock(page, 'class PaymentsModule');
const client = findBlock(page, '// dpop-client.ts');
const bed = useEmulator({
  seed: { inboundApps: [{ name: 'shop', clientId: 'shop', clientSecret: 'shop-secret', scopes: ['read'] }] },
});

// It is a client of itself: the application, and what openid-client gets from it.
const main = `
  import 'reflect-metadata';
  import { NestFactory } from '@nestjs/core';
  import { ExpressAdapter } from '@nestjs/platform-express';
  import { FastifyAdapter } from '@nestjs/platform-fastify';
  import { PaymentsModule } from './application.js';
  import { connect } from './dpop-client.js';

  const adapter = process.env.ADAPTER === 'express' ? new ExpressAdapter() : new FastifyAdapter();
  const app = await NestFactory.create(PaymentsModule, adapter, { logger: false });
  const origin = process.env.PUBLIC_ORIGIN;
  app.getHttpAdapter().get('/client', async (request, response) => {
    const call = await connect({ issuer: process.env.ISSUER, clientId: 'shop', secret: 'shop-secret', isLocal: true });
    const answers = [];
    for (const [method, path] of [['GET', '/orders?page=2'], ['POST', '/payments'], ['GET', '/orders']])
      answers.push((await call(method, origin + path)).status);
    response.send({ answers });
  });
  await app.listen(new URL(origin).port, '127.0.0.1');
  console.log(origin);
`;

describe.each(ADAPTERS)('The programs about bound tokens, on %s,', (adapter) => {
  let program: PageProgram;

  beforeAll(async () => {
    const { url, projectId } = bed.emulator;
    const env = {
      ADAPTER: adapter,
      PUBLIC_ORIGIN: `http://127.0.0.1:${await findFreePort()}`,
      DESCOPE_PROJECT_ID: projectId,
      DESCOPE_BASE_URI: url,
      ISSUER: `${url}/v1/apps/${projectId}`,
    };
    program = await runPageProgram({ application, 'dpop-client': client, main }, env);
  }, 120_000);
  afterAll(() => program.close());

  it('work with openid-client, which answers the demands for nonces by itself', async () => {
    expect((await ask(`${program.url}/client`)).body).toEqual({ answers: [200, 201, 200] });
  });

  it('work with the package dpop, and take each of its proofs once', async () => {
    const { url } = bed.emulator;
    const key = await generateKeyPair('ES256');
    const endpoint = `${url}/oauth2/v1/apps/token`;
    const fields = { grant_type: 'client_credentials', client_id: 'shop', client_secret: 'shop-secret' };
    const obtain = async (nonce?: string) =>
      fetch(endpoint, {
        method: 'POST',
        headers: { dpop: await generateProof(key, endpoint, 'POST', nonce) },
        body: new URLSearchParams(fields),
      });
    const first = await obtain();
    const issued = await obtain(first.headers.get('dpop-nonce') ?? undefined);
    const { access_token: token } = (await issued.json()) as { readonly access_token: string };
    const target = `${program.url}/orders`;
    const prove = (nonce?: string) => generateProof(key, target, 'GET', nonce, token);
    const send = (dpop: string, scheme = 'DPoP') =>
      ask(target, { headers: { authorization: `${scheme} ${token}`, dpop } });
    const asked = await send(await prove());
    expect([asked.status, asked.body['code']]).toEqual([401, 'DPOP_NONCE_REQUIRED']);
    const proof = await prove(asked.headers.get('dpop-nonce') ?? undefined);
    const answers = [await send(proof), await send(proof), await send(proof, 'Bearer')];
    expect(answers.map(({ status, body }) => [status, body['code']])).toEqual([
      [200, undefined],
      [401, 'DPOP_PROOF_REPLAYED'],
      [401, 'TOKEN_SENDER_CONSTRAINED'],
    ]);
  });
});
