// What is made anew for each request is not there at boot: Nest would leave out the guards and checks that need it.
import { APP_GUARD } from '@nestjs/core';
import type { ModulesContainer } from '@nestjs/core';
import { Scope } from '@nestjs/common';
import { readGuards } from '../../auth/access.policy.js';
import { DescopeConfigError } from '../../core/errors.js';
import { DESCOPE_OPTIONS } from '../../auth/injection-tokens.js';
import { isAuthGuard, isGlobalToken } from './guard-reach.js';
import { readMessageTransport } from './handler-metadata.js';
import { isClass, readMethodsOf } from './handlers.js';

/** A module of the application, as Nest keeps it. */
export type NestModule = NonNullable<ReturnType<ModulesContainer['get']>>;
/** A provider, as Nest keeps it. */
export type Wrapper = NonNullable<ReturnType<NestModule['providers']['get']>>;

/**
 * Asserts that nothing of this package's, and no global guard, needs what is request-scoped without saying so itself,
 * and that no guard is transient. Throws `CONFIG_SCOPE_INVALID`.
 */
export function assertScopesKept(modules: ModulesContainer, own: object): void {
  for (const module of modules.values()) {
    if (module.metatype === own) assertMadeAtBoot(module);
    assertGlobalGuards(module);
    assertPlacedGuards(module);
    assertGatewayGuards(module);
  }
}

// Options first: what they need, all that is ours needs, and the shortest chain says it best.
function assertMadeAtBoot({ providers, injectables, controllers }: NestModule): void {
  const options = providers.get(DESCOPE_OPTIONS);
  const made = [...(options === undefined ? [] : [options]), ...providers.values(), ...injectables.values()];
  for (const wrapper of made) {
    const chain = findChain(wrapper);
    if (chain !== undefined) throw unmade('DescopeModule', chain);
  }
  // A controller may well be made for each request: so it is under the application's request-scoped interceptors.
  for (const chain of [...controllers.values()].flatMap(readParts).map(findChain))
    if (chain !== undefined) throw unmade('DescopeModule', chain);
}

// What Nest keeps among the providers it takes for static: it runs such a guard without its parts, or not at all.
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

// Before messages Nest knows no requests, and takes a guard that is made for each without its parts.
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

/** Finds the shortest way from a provider to what is request-scoped; `undefined` where Nest makes it at boot. */
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
  return start.isDependencyTreeStatic() ? undefined : [start]; // Nest knows more than it shows
}

// What a provider injects; there are gaps where something optional is missing.
function readParts(wrapper: Wrapper): Wrapper[] {
  const ofConstructor = (wrapper.getCtorMetadata() ?? []) as (Wrapper | undefined)[];
  const ofProperties = (wrapper.getPropertiesMetadata() ?? []).map(({ wrapper: part }) => part);
  return [...ofConstructor, ...ofProperties].filter((part) => part !== undefined);
}

function unmade(what: string, chain: readonly Wrapper[]): DescopeConfigError {
  const names = chain.map(toName).filter((name, index, all) => name !== all[index - 1]);
  const path = `${names.join(' → ')} (request-scoped)`;
  const message = `${what} needs a request-scoped provider, which Nest does not make at boot: ${path}. Nest would leave out the guards and checks that need it, in silence. Make it a singleton (no scope), or find it for each request by ModuleRef.resolve(). A guard of the application's may be request-scoped where it says so itself: @Injectable({ scope: Scope.REQUEST }) and useClass; never before messages of a gateway.`;
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
