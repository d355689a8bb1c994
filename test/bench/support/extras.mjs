// The extras of the package: what an application adds to have each, and what it is compared with.
import { APP_GUARD, APP_INTERCEPTOR } from '@nestjs/core';
import { ThrottlerGuard, ThrottlerModule } from '@nestjs/throttler';
import { MeterProvider } from '@opentelemetry/sdk-metrics';

/** The application without any extra. */
export const PLAIN = 'without extras';
/** The same once more: how far apart two processes stand that do the same. */
export const AGAIN = 'nothing, in a process of its own';
/** The same, by another build of the package. */
export const BEFORE = 'the build before, without extras';
const INTERCEPTED = 'an interceptor that does nothing';
const INTERCEPTED_CONTEXT = 'DescopeContextModule and that interceptor';

/**
 * @typedef {object} Parts What an application adds. All are optional.
 * @property {object} [options] Options of DescopeModule.
 * @property {readonly unknown[]} [imports] Modules beside DescopeModule.
 * @property {readonly unknown[]} [providers] Providers of the root module.
 * @property {readonly MethodDecorator[]} [decorators] Decorators of the handler that is asked.
 */

/**
 * Applications, by name. Each runs in a process of its own: hooks of the process, such as those of AsyncLocalStorage, would
 * else be paid by all. `open('context')` imports `nestjs-descope/context`, and `open('')` the package itself.
 * @type {Record<string, (open: (door: string) => Promise<any>) => Parts | Promise<Parts>>}
 */
export const APPLICATIONS = {
  [PLAIN]: () => ({}),
  [AGAIN]: () => ({}),
  loadUser: () => ({ options: { loadUser } }),
  userCache: () => ({ options: { loadUser, userCache: { ttlMs: 3_600_000 } } }),
  'explain: true': () => ({ options: { explain: true } }),
  DescopeContextModule: async (open) => ({ imports: [(await open('context')).DescopeContextModule] }),
  [INTERCEPTED]: () => ({ providers: [passing] }),
  [INTERCEPTED_CONTEXT]: async (open) => ({
    imports: [(await open('context')).DescopeContextModule],
    providers: [passing],
  }),
  'instrumentDescope()': async (open) => {
    (await open('otel')).instrumentDescope({ meterProvider: new MeterProvider() });
    return {};
  },
  ThrottlerGuard: () => throttled(ThrottlerGuard),
  DescopeThrottlerGuard: async (open) => throttled((await open('throttler')).DescopeThrottlerGuard),
  '@Permissions': async (open) => ({ decorators: [(await open('')).Permissions('reports:read')] }),
  '@AnyOf of two demands': async (open) => {
    const { Roles, Permissions } = await open('');
    const { AnyOf } = await open('access');
    return { decorators: [AnyOf(Roles('nobody'), Permissions('reports:read'))] };
  },
  '@Authorize': async (open) => ({
    decorators: [(await open('')).Authorize(IsAnybody)],
    providers: [IsAnybody],
  }),
  '@AnyOf with a rule': async (open) => {
    const { Roles } = await open('');
    const { AnyOf } = await open('access');
    return { decorators: [AnyOf(Roles('nobody'), IsAnybody)], providers: [IsAnybody] };
  },
  '@AnyOf with a guard': async (open) => {
    const { Roles } = await open('');
    const { AnyOf } = await open('access');
    return { decorators: [AnyOf(Roles('nobody'), LetPass)], providers: [LetPass] };
  },
};

// What Nest does for the first interceptor of an application, whatever that does.
const passing = {
  provide: APP_INTERCEPTOR,
  useValue: { intercept: (_context, next) => next.handle() },
};

function throttled(useClass) {
  return {
    imports: [ThrottlerModule.forRoot([{ ttl: 100, limit: 1_000_000 }])],
    providers: [{ provide: APP_GUARD, useClass }],
  };
}

class IsAnybody {
  isAllowed() {
    return true;
  }
}

class LetPass {
  canActivate() {
    return true;
  }
}

// Returns at once: a table that is asked takes a hundred times as long.
function loadUser({ user }) {
  return { id: user.id };
}

/** Rows of the table: an application, and the one that does without the extra. */
export const EXTRAS = [
  { on: AGAIN, off: PLAIN },
  { on: 'DescopeContextModule', off: PLAIN },
  { on: INTERCEPTED, off: PLAIN },
  { on: INTERCEPTED_CONTEXT, off: INTERCEPTED },
  { on: 'explain: true', off: PLAIN },
  { on: 'loadUser', off: PLAIN },
  { on: 'userCache', off: 'loadUser' },
  { on: 'instrumentDescope()', off: PLAIN },
  { on: 'DescopeThrottlerGuard', off: 'ThrottlerGuard' },
  { on: '@AnyOf of two demands', off: '@Permissions' },
  { on: '@AnyOf with a rule', off: '@Authorize' },
  { on: '@AnyOf with a guard', off: '@Authorize' },
];
