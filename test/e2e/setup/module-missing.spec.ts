// An application that uses the parameter decorators although no module imports DescopeModule.
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Type } from '@nestjs/common';
import { Controller, Get } from '@nestjs/common';
import type { GqlModuleOptions } from '@nestjs/graphql';
import { Field, GraphQLModule, ObjectType, Query, ResolveField, Resolver } from '@nestjs/graphql';
import type * as testing from 'nestjs-descope/testing';
import type { RunningApplication } from '../../support/application.js';
import { ADAPTERS, start } from '../../support/application.js';
import { CollectingLogger } from '../../support/collecting-logger.js';
import { ENGINES, send } from '../../support/graphql-application.js';
import { loadCopy, nextCopy } from '../../support/library-copy.js';

const APPLICATIONS = Symbol.for('nestjs-descope:applications');
const PATHS = ['/user', '/name', '/session', '/tenant'];

// Copies of the library that find no application of an earlier spec in this process.
async function loadFresh() {
  Reflect.deleteProperty(globalThis, APPLICATIONS);
  const copy = nextCopy();
  const library = await loadCopy('index', copy);
  return { library, testing: await loadCopy<typeof testing>('testing/index', copy) };
}

type Library = Awaited<ReturnType<typeof loadFresh>>['library'];

function createController({ CurrentSession, CurrentTenant, CurrentUser, Public }: Library): Type {
  @Controller()
  class ProfileController {
    @Get('user')
    user(@CurrentUser() user: unknown) {
      return { is: typeof user };
    }

    @Get('name')
    name(@CurrentUser('username') name: unknown) {
      return { is: typeof name };
    }

    @Get('session')
    session(@CurrentSession() session: unknown) {
      return { is: typeof session };
    }

    @Public()
    @Get('tenant')
    tenant(@CurrentTenant() tenant: unknown) {
      return { is: typeof tenant };
    }
  }
  return ProfileController;
}

@ObjectType()
class Profile {
  @Field() kind!: string;
}

function createResolver({ CurrentUser }: Library): Type {
  @Resolver(() => Profile)
  class ProfileResolver {
    @Query(() => Profile) profile() {
      return { kind: 'shown' };
    }

    @Query(() => String) mine(@CurrentUser() user: unknown) {
      return typeof user;
    }

    @ResolveField(() => String) name(@CurrentUser('username') name: unknown) {
      return typeof name;
    }
  }
  return ProfileResolver;
}

describe.each(ENGINES)('the parameter decorators in GraphQL, on $name', ({ adapter, options }) => {
  const registry: unknown = Reflect.get(globalThis, APPLICATIONS);
  afterAll(() => {
    Reflect.set(globalThis, APPLICATIONS, registry);
  });

  it('tell the log, and not the client, that no module imports DescopeModule', async () => {
    const { library } = await loadFresh();
    const logger = new CollectingLogger();
    const graphql = { autoSchemaFile: true, ...options } as unknown as GqlModuleOptions;
    const parts = { imports: [GraphQLModule.forRoot(graphql)], providers: [createResolver(library)] };
    const application = await start(adapter, parts, { logger });
    try {
      for (const query of ['{ mine }', '{ profile { name } }']) {
        const { errors, answer } = await send(application, query);
        expect(errors).toMatchObject([{ message: 'Internal server error' }]);
        expect(answer.text).not.toContain('DescopeModule');
      }
      expect(logger.find("code: 'CONFIG_MODULE_MISSING'")).toHaveLength(2);
    } finally {
      await application.close();
    }
  });
});

describe.each(ADAPTERS)('the parameter decorators, on %s', (adapter) => {
  const registry: unknown = Reflect.get(globalThis, APPLICATIONS);
  let copies: Awaited<ReturnType<typeof loadFresh>>;
  let application: RunningApplication | undefined;

  beforeAll(async () => {
    copies = await loadFresh();
  });
  afterEach(async () => {
    await application?.close();
    application = undefined;
  });
  afterAll(() => {
    Reflect.set(globalThis, APPLICATIONS, registry);
  });

  it('say what to import where no module imports DescopeModule', async () => {
    const logger = new CollectingLogger();
    const controllers = [createController(copies.library)];
    application = await start(adapter, { controllers }, { logger });
    for (const path of PATHS) expect((await application.request(path)).status).toBe(500);
    expect(logger.find('Import DescopeModule.forRoot() in the root module')).toHaveLength(PATHS.length);
    expect(logger.find("code: 'CONFIG_MODULE_MISSING'")).toHaveLength(PATHS.length);
  });

  it('serve an application that imports it, on public routes too, and by another copy of the package', async () => {
    const { createTestDescope, DescopeTestingModule } = copies.testing;
    const descope = createTestDescope();
    const imports = [DescopeTestingModule.forRoot(descope)];
    const { bearer: headers } = descope.as();
    for (const library of [copies.library, await loadCopy()]) {
      application = await start(adapter, { imports, controllers: [createController(library)] });
      const seen = [];
      for (const path of PATHS) seen.push((await application.request(path, { headers })).body['is']);
      expect(seen).toEqual(['object', 'string', 'object', 'undefined']);
      await application.close();
    }
  });

  it('stay anonymous without it where another application has ended, whose calls may still be under way', async () => {
    const { createTestDescope, DescopeTestingModule } = copies.testing;
    const ended = await start(adapter, { imports: [DescopeTestingModule.forRoot(createTestDescope())] });
    await ended.close();
    application = await start(adapter, { controllers: [createController(copies.library)] });
    expect((await application.request('/user')).body).toEqual({ is: 'undefined' });
  });
});
