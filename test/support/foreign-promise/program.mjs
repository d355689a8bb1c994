// An application in a process whose global Promise is the platform's own (`own`), zone.js's (`zone`), or any other
// (`replaced`); asks itself, and prints how each request was answered.
import http from 'node:http';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const [kind] = process.argv.slice(2);
if (kind === 'zone') require('zone.js/node');
if (kind === 'replaced') globalThis.Promise = createForeignPromise();

const unhandled = [];
process.on('unhandledRejection', (error) => unhandled.push(String(error?.code ?? error)));

await import('reflect-metadata');
const { Controller, Get, Module } = await import('@nestjs/common');
const { NestFactory } = await import('@nestjs/core');
const library = await import('nestjs-descope');
const { createTestDescope, DescopeTestingModule } = await import('nestjs-descope/testing');
const { Authorize, FgaCheck, OptionalAuth, Roles, Tenant, CurrentUser } = library;

// What a library of its own, or a query of a database, hands out: it has a `then`, and that is all.
const thenable = (value) => ({ then: (resolve) => setImmediate(resolve, value) });
const state = { isListed: false, areKeysLate: false, user: undefined };

class Never {
  isAllowed() {
    return thenable(false);
  }
}

const handlers = {
  class: [Authorize(Never)],
  function: [Authorize(() => false)],
  async: [Authorize(async () => false)],
  thenable: [Authorize(() => thenable(false))],
  callable: [Authorize(() => Object.assign(() => true, thenable(false)))],
  throwing: [Authorize(() => ({ then: () => fail('then') }))],
  twice: [Authorize(() => ({ then: (resolve) => (resolve(false), resolve(true)) }))],
  truthy: [Authorize(() => thenable('yes'))],
  yes: [Authorize(() => thenable(true))],
  fga: [FgaCheck({ resourceType: 'doc', resource: 'header:x-doc', relation: 'view' })],
  foreign: [Tenant({ from: () => thenable('T2') })],
  member: [Tenant({ from: () => thenable('T1') })],
  session: [],
  admin: [Roles('admin')],
  optional: [OptionalAuth()],
};
class RulesController {}
for (const [name, decorators] of Object.entries(handlers)) {
  RulesController.prototype[name] = (user) => `IN ${user?.id ?? 'nobody'}`;
  CurrentUser()(RulesController.prototype, name, 0);
  const descriptor = Object.getOwnPropertyDescriptor(RulesController.prototype, name);
  for (const decorate of [...decorators, Get(name)]) decorate(RulesController.prototype, name, descriptor);
}
Controller()(RulesController);

const logged = [];
const note = (message, context) => context === 'Descope' && logged.push(/^[A-Z_]+/.exec(message)?.[0]);
const logger = {
  log: () => undefined,
  debug: () => undefined,
  verbose: () => undefined,
  warn: note,
  error: note,
};
const descope = createTestDescope();
const find = descope.keySet.find.bind(descope.keySet);
descope.keySet.find = (keyId) => (state.areKeysLate ? (async () => find(keyId))() : find(keyId));
const store = createStore();
const options = {
  audience: null,
  tokenCache: false,
  session: {},
  shared: { store, maxStaleMs: 0 },
  loadUser: () => state.user ?? thenable({ id: 'own' }),
  claimsSchema: {
    '~standard': { version: 1, vendor: 'test', validate: (claims) => thenable(validate(claims)) },
  },
};
class AppModule {}
Module({
  imports: [DescopeTestingModule.forRoot(descope, options)],
  controllers: [RulesController],
  providers: [Never],
})(AppModule);

const app = await NestFactory.create(AppModule, { logger });
await app.listen(0, '127.0.0.1');
const { port } = app.getHttpServer().address();

const anna = descope.as({ sub: 'U2anna', tenants: { T1: {} } });
const results = {};
for (const name of Object.keys(handlers)) results[name] = await ask(name, anna.bearer);
state.areKeysLate = true;
results['late keys, nobody'] = await ask('session', {});
results['late keys, anna'] = await ask('session', anna.bearer);
results['late keys, admin route'] = await ask('admin', anna.bearer);
results['late keys, tampered'] = await ask('session', descope.tampered().bearer);
results['late keys, tampered, optional'] = await ask('optional', descope.tampered().bearer);
results['late keys, tampered cookie, optional'] = await ask('optional', descope.tampered().cookie);
results['late keys, claims rejected'] = await ask('optional', descope.as({ sub: 'U2bob', bad: true }).bearer);
state.areKeysLate = false;
state.user = thenable(null);
results['no own user'] = await ask('session', anna.bearer);
state.user = undefined;
state.isListed = true;
results['signed out'] = await ask('session', anna.bearer);
results['signed out, optional'] = await ask('optional', anna.bearer);
await new (Object.getPrototypeOf(asyncNothing()).constructor)((done) => setTimeout(done, 50));
console.log(JSON.stringify({ results, unhandled, notices: logged }));
process.exit(0);

async function asyncNothing() {}

function fail(what) {
  throw new Error(what);
}

function validate(claims) {
  return claims.bad === true ? { issues: [{ message: 'bad' }] } : { value: { ...claims } };
}

function createStore() {
  const kept = new Map();
  const read = (key) => {
    const { value, untilMs } = kept.get(key) ?? {};
    if (untilMs > Date.now()) return value;
    return state.isListed && key.includes(':revoked:') ? '4000000000 4000000000' : undefined;
  };
  return {
    get: (key) => thenable(read(key)),
    set: (key, value, ttlMs) => thenable(kept.set(key, { value, untilMs: Date.now() + ttlMs })),
    delete: (key) => thenable(kept.delete(key)),
  };
}

async function ask(name, headers) {
  const url = `http://127.0.0.1:${port}/${name}`;
  const NativePromise = Object.getPrototypeOf(asyncNothing()).constructor;
  return new NativePromise((done) => {
    http.get(url, { headers: { ...headers, 'x-doc': '1' }, agent: false }, async (response) => {
      let text = '';
      for await (const chunk of response) text += chunk;
      const body = text.startsWith('{') ? JSON.parse(text) : {};
      done([response.statusCode, body.code ?? (text.startsWith('{') ? '' : text)].join(' ').trim());
    });
  });
}

// A promise of its own, as Promises/A+ wants it and no more: nothing of it is the platform's.
function createForeignPromise() {
  const Native = Promise;
  class ForeignPromise {
    #inner;
    constructor(run) {
      this.#inner = new Native(run);
    }
    then(...callbacks) {
      return ForeignPromise.resolve(this.#inner.then(...callbacks));
    }
    catch(callback) {
      return this.then(undefined, callback);
    }
    finally(callback) {
      return ForeignPromise.resolve(this.#inner.finally(callback));
    }
    static resolve(value) {
      return new ForeignPromise((resolve) => resolve(value));
    }
    static reject(reason) {
      return new ForeignPromise((_resolve, reject) => reject(reason));
    }
  }
  for (const name of ['all', 'race', 'allSettled', 'any'])
    ForeignPromise[name] = (items) => ForeignPromise.resolve(Native[name](items));
  return ForeignPromise;
}
