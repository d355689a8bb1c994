// Finds dependencies that are request-scoped where Nest would leave out guards and checks, missing, or circular.
import { Inject, Injectable, Logger, Module, Scope } from '@nestjs/common';
import { APP_GUARD, ModuleRef, ModulesContainer } from '@nestjs/core';
import { readGuards } from '../auth/access/access-policy.js';
import { DESCOPE_OPTIONS } from '../auth/injection-tokens.js';
import { isUserLoaderClass } from '../auth/request-user.js';
import type { DescopeConfig } from '../core/config/config.js';
import { DescopeConfigError } from '../core/errors.js';
import {
  isAuthGuard,
  isClass,
  isGlobalToken,
  readInjected,
  readMessageTransport,
  readMethodsOf,
} from './handlers.js';

/** A module of the application, as Nest keeps it. */
export type NestModule = NonNullable<ReturnType<ModulesContainer['get']>>;
/** A provider, as Nest keeps it. */
export type Wrapper = NonNullable<ReturnType<NestModule['providers']['get']>>;

/**
 * Asserts that no provider of this package and no global guard depends on a request-scoped provider without being declared
 * request-scoped itself, and that no guard is transient.
 * @throws {DescopeConfigError} CONFIG_SCOPE_INVALID
 */
export function assertStaticScopes(modules: ModulesContainer, own: object): void {
  for (const module of modules.values()) {
    if (module.metatype === own) assertMadeAtBoot(module);
    assertGlobalGuards(module);
    assertPlacedGuards(module);
    assertGatewayGuards(module);
  }
}

// Options first: all providers of the package depend on them, and the shortest chain is the clearest message.
function assertMadeAtBoot({ providers, injectables, controllers }: NestModule): void {
  const options = providers.get(DESCOPE_OPTIONS);
  const made = [...(options === undefined ? [] : [options]), ...providers.values(), ...injectables.values()];
  for (const wrapper of made) {
    const chain = findChain(wrapper);
    if (chain !== undefined) throw unmade('DescopeModule', chain);
  }
  // A controller itself may be request-scoped: a request-scoped interceptor of the application makes it so.
  for (const chain of [...controllers.values()].flatMap(readParts).map(findChain))
    if (chain !== undefined) throw unmade('DescopeModule', chain);
}

// Global guards that Nest treats as static: it runs such a guard without its dependencies, or not at all.
function assertGlobalGuards({ providers, injectables }: NestModule): void {
  for (const wrapper of providers.values()) {
    const chain = isGlobalToken(wrapper.token) ? findChain(wrapper) : undefined;
    if (chain !== undefined) throw unmade('An APP_GUARD', chain);
  }
  for (const wrapper of injectables.values())
    if (isGlobalToken(wrapper.token) && wrapper.scope === Scope.TRANSIENT) throw transient(wrapper);
}

function assertPlacedGuards({ injectables }: NestModule): void {
  for (const wrapper of injectables.values()) {
    if (!isAuthGuard(wrapper.metatype) || wrapper.scope === Scope.REQUEST) continue;
    if (wrapper.scope === Scope.TRANSIENT) throw transient(wrapper);
    const chain = findChain(wrapper);
    if (chain !== undefined) throw unmade('A guard', chain);
  }
}

// For messages Nest has no requests, and runs a request-scoped guard without its dependencies.
function assertGatewayGuards({ providers, injectables }: NestModule): void {
  const handlers = [...providers.values()].flatMap(({ metatype }) =>
    isClass(metatype) ? readMethodsOf(metatype) : [],
  );
  for (const { type, handler } of handlers) {
    if (readMessageTransport(handler) !== 'ws') continue;
    for (const guard of readGuards(type, handler).filter(isAuthGuard)) {
      const wrapper = injectables.get(guard as never);
      const chain = wrapper && findChain(wrapper);
      if (chain !== undefined) throw unmade(`A guard of the gateway ${type.name}`, chain);
    }
  }
}

/**
 * Asserts that a module provides the class of `loadUser`, and that it is created at boot if its users are remembered: other
 * requests get what it returns.
 * @throws {DescopeConfigError} CONFIG_USER_LOADER_MISSING or CONFIG_SCOPE_INVALID
 */
export function assertLoader({ loadUser, userCache }: DescopeConfig, modules: readonly NestModule[]): void {
  if (loadUser === undefined || !isUserLoaderClass(loadUser)) return;
  const wrappers = modules.flatMap(({ providers }) => providers.get(loadUser) ?? []);
  if (wrappers.length === 0) throw missing(loadUser.name);
  const chain = wrappers.map(findChain).find((found) => found !== undefined);
  if (userCache !== undefined && chain !== undefined) throw remembered(chain);
}

function missing(loader: string): DescopeConfigError {
  const message = `The option loadUser is the class ${loader}, but no module provides it. Add it to the providers of a module.`;
  return new DescopeConfigError('CONFIG_USER_LOADER_MISSING', message, { loader });
}

function remembered(chain: readonly Wrapper[]): DescopeConfigError {
  const names = chain.map(toName);
  const message = `The class of loadUser is created for each request: ${names.join(' → ')} (request-scoped). The option userCache gives what it returns to other requests, too. Make it a singleton (no scope) that injects nothing request-scoped, or remove userCache.`;
  return new DescopeConfigError('CONFIG_SCOPE_INVALID', message, { chain: names });
}

/** Finds the shortest chain from a provider to a request-scoped one; `undefined` if Nest creates the provider at boot. */
function findChain(start: Wrapper): readonly Wrapper[] | undefined {
  const seen = new Set<Wrapper>([start]);
  const chains: (readonly Wrapper[])[] = [[start]];
  for (const chain of chains) {
    const last = chain.at(-1);
    if (last === undefined) continue;
    if (last.scope === Scope.REQUEST) return chain;
    for (const part of [...readParts(last), ...(last.getEnhancersMetadata() ?? [])]) {
      if (seen.has(part)) continue;
      seen.add(part);
      chains.push([...chain, part]);
    }
  }
  return start.isDependencyTreeStatic() ? undefined : [start]; // Nest may know a dependency that it does not show
}

// The dependencies of a provider; the list has gaps for optional ones that are missing.
function readParts(wrapper: Wrapper): Wrapper[] {
  const ofConstructor = (wrapper.getCtorMetadata() ?? []) as (Wrapper | undefined)[];
  const ofProperties = (wrapper.getPropertiesMetadata() ?? []).map(({ wrapper: part }) => part);
  return [...ofConstructor, ...ofProperties].filter((part) => part !== undefined);
}

function unmade(what: string, chain: readonly Wrapper[]): DescopeConfigError {
  const names = chain.map(toName).filter((name, index, all) => name !== all[index - 1]);
  const path = `${names.join(' → ')} (request-scoped)`;
  const message = `${what} needs a request-scoped provider, which Nest does not create at boot: ${path}. Nest would silently skip the guards and checks that need it. Make it a singleton (no scope), or resolve it for each request with ModuleRef.resolve(). A guard of the application may be request-scoped if its class says so, @Injectable({ scope: Scope.REQUEST }), and it is registered with useClass. A guard that runs before messages of a gateway may not.`;
  return new DescopeConfigError('CONFIG_SCOPE_INVALID', message, { chain: names });
}

function transient(wrapper: Wrapper): DescopeConfigError {
  const name = toName(wrapper);
  const message = `The guard ${name} is transient, and whether Nest runs such a guard depends on its version and on the transport. Make it a singleton (no scope), or request-scoped.`;
  return new DescopeConfigError('CONFIG_SCOPE_INVALID', message, { chain: [name] });
}

function toName({ token, metatype, inject }: Wrapper): string {
  if (token === DESCOPE_OPTIONS) return 'options';
  if (isGlobalToken(token)) return isClass(metatype) && inject === undefined ? metatype.name : APP_GUARD;
  return isClass(token) ? token.name : String(token);
}

// Finds options that depend on providers which depend on the options, before Nest waits for ever.

/** A provider, and its module. */
interface LocatedProvider {
  readonly token: unknown;
  readonly module: NestModule;
}

@Injectable()
class OptionsCircleCheck {
  // `ModuleRef` is the only dependency that is available: Nest would have to search for the container itself.
  constructor(@Inject(ModuleRef) own: ModuleRef) {
    for (const module of own.get(ModulesContainer, { strict: false }).values())
      if (module.providers.has(DESCOPE_OPTIONS))
        assertNoCircle({ token: DESCOPE_OPTIONS, module }, [], new Set());
  }
}

/**
 * Checks for a circular dependency before any provider waits for the options; only the newest versions of Nest detect one.
 * It is a separate module, whose `ModuleRef` can be used before all modules are initialised. Its provider throws
 * `CONFIG_OPTIONS_CIRCULAR`.
 */
@Module({ providers: [OptionsCircleCheck] })
export class OptionsCircleModule {}

function assertNoCircle(located: LocatedProvider, path: readonly unknown[], seen: Set<Wrapper>): void {
  const { token, module } = located;
  const wrapper = module.providers.get(token as never);
  if (wrapper === undefined) return;
  if (token === DESCOPE_OPTIONS && path.length > 0) throw toCircular([...path, token]);
  if (seen.has(wrapper)) return;
  seen.add(wrapper);
  for (const dependency of readDependencies(wrapper)) {
    const found = findProviderOf(dependency, module);
    if (found !== undefined) assertNoCircle(found, [...path, token], seen);
  }
}

// In the order of Nest: in the module itself, then in the exports of its imports, and in what those re-export.
function findProviderOf(token: unknown, module: NestModule): LocatedProvider | undefined {
  if (module.providers.has(token as never)) return { token, module };
  return findExported(token, [...module.imports], new Set());
}

function findExported(
  token: unknown,
  modules: readonly NestModule[],
  seen: Set<NestModule>,
): LocatedProvider | undefined {
  for (const module of modules) {
    if (seen.has(module)) continue;
    seen.add(module);
    if (module.exports.has(token as never) && module.providers.has(token as never)) return { token, module };
    const passedOn = [...module.imports].filter(({ metatype }) => module.exports.has(metatype));
    const found = findExported(token, passedOn, seen);
    if (found !== undefined) return found;
  }
  return undefined;
}

// The dependencies that Nest awaits: the parameters of a factory, or of a class and its properties. Not forward references.
function readDependencies({ inject, metatype }: Wrapper): unknown[] {
  const found: readonly unknown[] = inject ?? (metatype === null ? [] : readInjected(metatype));
  return found.map(readToken).filter((token) => token !== undefined);
}

function readToken(dependency: unknown): unknown {
  if (typeof dependency !== 'object' || dependency === null) return dependency;
  return 'token' in dependency ? readToken(dependency.token) : undefined;
}

// Logged, too, because the newest Nest may throw its own, less exact error first.
function toCircular(path: readonly unknown[]): DescopeConfigError {
  const names = path.map((token) => (token === DESCOPE_OPTIONS ? 'the options' : toTokenName(token)));
  const message = `The options of DescopeModule.forRootAsync() depend on themselves: ${names.join(' → ')}. Pass loadUser as a class (loadUser: Accounts, with a method loadUser(session, request)): it is resolved when the first user is loaded. Or inject DescopeService or @InjectDescope(): both can be injected before the options are ready.`;
  new Logger('Descope').error(`CONFIG_OPTIONS_CIRCULAR: ${message}`);
  return new DescopeConfigError('CONFIG_OPTIONS_CIRCULAR', message, { path: names });
}

function toTokenName(token: unknown): string {
  return typeof token === 'function' ? token.name : String(token);
}
