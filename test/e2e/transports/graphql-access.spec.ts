// GraphQL over HTTP: each field has the decision of its resolver.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestDescope } from 'nestjs-descope/testing';
import type { RunningApplication } from '../../support/application.js';
import { BookResolver } from '../../support/book.resolver.js';
import { ENGINES, readCodes, send, startGraphql } from '../../support/graphql-application.js';

describe.each(ENGINES)('A resolver behind $name', (engine) => {
  const descope = createTestDescope();
  const { bearer } = descope.as({ sub: 'U2anna' });
  let application: RunningApplication;

  beforeAll(async () => {
    const graphql = { fieldResolverEnhancers: ['guards'] };
    application = await startGraphql(engine, descope, { resolvers: [BookResolver], graphql });
  });
  afterAll(() => application.close());

  const ask = (query: string | readonly string[], headers: Record<string, string> = {}) =>
    send(application, query, headers);

  it('asks for a session, unless it is public', async () => {
    expect(await ask('{ version }')).toMatchObject({ data: { version: '1' } });
    const rejected = await ask('{ me }');
    expect(rejected.answer.status).toBe(200);
    expect(rejected.data).toBeNull();
    expect(rejected.errors).toMatchObject([
      {
        message: 'A session is required.',
        path: ['me'],
        extensions: {
          code: 'UNAUTHENTICATED',
          originalError: { statusCode: 401, error: 'Unauthorized', code: 'SESSION_MISSING' },
        },
      },
    ]);
    expect(await ask('{ me }', bearer)).toMatchObject({ data: { me: 'U2anna' } });
  });

  it('has the demands of its own, and reads its own arguments', async () => {
    const admin = descope.as({ roles: ['admin'] }).bearer;
    const inAcme = descope.as({ tenants: { acme: {} } }).bearer;
    expect(await ask('{ admin }', admin)).toMatchObject({ data: { admin: 'admin' } });
    expect(readCodes(await ask('{ admin }', bearer))).toEqual(['FORBIDDEN ACCESS_ROLE_MISSING']);
    const query = (tenant: string) => `{ inTenant(tenant: "${tenant}") }`;
    expect(await ask(query('acme'), inAcme)).toMatchObject({ data: { inTenant: 'acme acme' } });
    expect(readCodes(await ask(query('other'), inAcme))).toEqual(['FORBIDDEN ACCESS_TENANT_MISSING']);
  });

  it('rejects with the code of what is wrong', async () => {
    const codes = async (headers: Record<string, string>) => readCodes(await ask('{ me }', headers));
    expect(await codes(descope.expired().bearer)).toEqual(['UNAUTHENTICATED TOKEN_EXPIRED']);
    expect(await codes(descope.tampered().bearer)).toEqual(['UNAUTHENTICATED TOKEN_SIGNATURE_INVALID']);
    expect(await codes({ authorization: 'Bearer a b' })).toEqual(['BAD_REQUEST CREDENTIAL_MALFORMED']);
  });

  it('has the same decision under an alias, in a fragment, and beside others', async () => {
    const query = `query { a: admin b: me ...more } fragment more on Query { c: admin version ... on Query { d: admin } }`;
    for (const part of ['{ a: admin }', '{ ...x } fragment x on Query { admin }', '{ ... { admin } }'])
      expect(readCodes(await ask(part, bearer))).toEqual(['FORBIDDEN ACCESS_ROLE_MISSING']);
    const { data, errors = [] } = await ask(query, bearer);
    expect(data).toBeNull(); // none of the three may be null
    expect(errors.length).toBeGreaterThan(0);
    const admin = descope.as({ sub: 'U2root', roles: ['admin'] }).bearer;
    expect((await ask(query, admin)).data).toEqual({
      a: 'admin',
      b: 'U2root',
      c: 'admin',
      version: '1',
      d: 'admin',
    });
  });

  it('has the same decision in a batch', async () => {
    const { batch } = await ask(['{ me }', '{ admin }', '{ version }', 'mutation { rename }'], bearer);
    expect(batch.map(({ data }) => data)).toMatchObject([
      { me: 'U2anna' },
      null,
      { version: '1' },
      { rename: 'U2anna' },
    ]);
    expect(readCodes(batch[1] ?? {})).toEqual(['FORBIDDEN ACCESS_ROLE_MISSING']);
  });

  it('decides about each field, where fields are guarded', async () => {
    expect((await ask('{ shelf { id cover } }')).data).toEqual({
      shelf: ['1', '2', '3'].map((id) => ({ id, cover: `${id}.png` })),
    });
    expect(readCodes(await ask('{ shelf { title } }'))).toContain('UNAUTHENTICATED SESSION_MISSING');
    expect((await ask('{ shelf { title } }', bearer)).data).toMatchObject({
      shelf: [{ title: 'Book 1' }, {}, {}],
    });
    expect(readCodes(await ask('{ shelf { price } }', bearer))).toContain('FORBIDDEN ACCESS_ROLE_MISSING');
    const clerk = descope.as({ roles: ['clerk'] }).bearer;
    expect((await ask('{ books { price } }', clerk)).data).toEqual({
      books: [{ price: 100 }, { price: 200 }, { price: 300 }],
    });
  });

  it('leaves introspection to the server', async () => {
    expect((await ask('{ __typename }')).data).toEqual({ __typename: 'Query' });
    expect((await ask('{ __schema { queryType { name } } }')).data).toEqual({
      __schema: { queryType: { name: 'Query' } },
    });
  });

  it('is optional with @OptionalAuth(): no token gives no user, and an invalid bearer token is rejected', async () => {
    expect((await ask('{ maybe }')).data).toEqual({ maybe: 'nobody' });
    expect((await ask('{ maybe }', bearer)).data).toEqual({ maybe: 'U2anna' });
    expect(readCodes(await ask('{ maybe }', descope.expired().bearer))).toEqual([
      'UNAUTHENTICATED TOKEN_EXPIRED',
    ]);
    expect((await ask('{ maybe }', descope.expired().cookie)).data).toEqual({ maybe: 'TOKEN_EXPIRED' });
  });

  it('gives a public field no user, also next to fields that require one', async () => {
    expect((await ask('{ me open again: me }', bearer)).data).toMatchObject({ me: 'U2anna', open: 'nobody' });
  });

  it('counts a cookie on our own pages only', async () => {
    const { cookie } = descope.as({ sub: 'U2anna' });
    const own = { ...cookie, origin: application.url };
    const foreign = { ...cookie, origin: 'https://evil.example' };
    for (const query of ['{ me }', 'mutation { rename }']) {
      expect((await ask(query, own)).data).not.toBeNull();
      expect(readCodes(await ask(query, foreign))).toEqual(['FORBIDDEN REQUEST_CROSS_SITE']);
      expect((await ask(query, { ...foreign, ...bearer })).data).not.toBeNull();
    }
    const { batch } = await ask(['{ me }', 'mutation { rename }'], foreign);
    expect(batch.flatMap(readCodes)).toEqual(Array(2).fill('FORBIDDEN REQUEST_CROSS_SITE'));
  });

  it('answers a page without a session as it answers a program: with an error, and no way to the login page', async () => {
    const answer = await application.request('/graphql?query=%7Bme%7D', {
      headers: { accept: 'text/html,application/json', 'content-type': 'application/json' },
    });
    expect(answer.headers.get('location')).toBeNull();
    expect(answer.body).toMatchObject({ errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] });
  });

  it('writes each header once, however many fields are guarded', async () => {
    const query = '{ maybe books { title } again: books { title } }';
    const { answer } = await ask(query, { ...descope.as().cookie, origin: application.url });
    expect(answer.body).toMatchObject({ data: { maybe: expect.any(String) } });
    const vary = (answer.headers.get('vary') ?? '').split(', ').filter((name) => name === 'Cookie');
    expect(vary).toHaveLength(engine.name === 'Apollo on Fastify' ? 0 : 1); // its own context has no reply
  });

  it('does not mix up who asks at the same time', async () => {
    const asked = Array.from({ length: 60 }, async (_item, index) => {
      const sub = `U2user${index % 7}`;
      const { data } = await ask('{ me books { title } b: me }', descope.as({ sub }).bearer);
      return data?.['me'] === sub && data['b'] === sub;
    });
    expect((await Promise.all(asked)).filter((isRight) => !isRight)).toEqual([]);
  });
});
