// Finds, before Nest waits for ever, options that are made of what is made of them.
import { Inject, Injectable, Logger, Module } from '@nestjs/common';
import { ModuleRef, ModulesContainer } from '@nestjs/core';
import { DescopeConfigError } from '../../core/errors.js';
import { DESCOPE_OPTIONS } from '../../auth/injection-tokens.js';
import { readInjected } from './handler-metadata.js';
import type { NestModule, Wrapper } from './request-scope.js';

/** A provider, and where it stands. */
interface LocatedProvider {
  readonly token: unknown;
  readonly module: NestModule;
}

@Injectable()
class OptionsCircleCheck {
  // The one dependency that is at hand: the container itself would be looked for, while Nest goes round the circle.
  constructor(@Inject(ModuleRef) own: ModuleRef) {
    for (const module of own.get(ModulesContainer, { strict: false }).values())
      if (module.providers.has(DESCOPE_OPTIONS))
        assertNoCircle({ token: DESCOPE_OPTIONS, module }, [], new Set());
  }
}

/**
 * Looks for a circle before anything waits for the options, of which only the newest versions of Nest see any. A module
 * of its own, whose `ModuleRef` may look round before all modules are there. Throws `CONFIG_OPTIONS_CIRCULAR`.
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

// As Nest looks: in the module itself, then in what its imports export, and in what those pass on.
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

// What Nest waits for: the parameters of a factory, or of a class and its properties. Not for a forward reference.
function readDependencies({ inject, metatype }: Wrapper): unknown[] {
  const found: readonly unknown[] = inject ?? (metatype === null ? [] : readInjected(metatype));
  return found.map(readToken).filter((token) => token !== undefined);
}

function readToken(dependency: unknown): unknown {
  if (typeof dependency !== 'object' || dependency === null) return dependency;
  return 'token' in dependency ? readToken(dependency.token) : undefined;
}

// Told too, because the newest Nest may be faster to say that there is some circle.
function toCircular(path: readonly unknown[]): DescopeConfigError {
  const names = path.map((token) => (token === DESCOPE_OPTIONS ? 'the options' : toTokenName(token)));
  const message = `The options of DescopeModule.forRootAsync() are made of what is made of them: ${names.join(' → ')}. Give loadUser as a class (loadUser: Accounts, with a method loadUser(session, request)), which is found when the first user is loaded; or inject DescopeService or @InjectDescope(), which may be injected before the options are there.`;
  new Logger('Descope').error(`CONFIG_OPTIONS_CIRCULAR: ${message}`);
  return new DescopeConfigError('CONFIG_OPTIONS_CIRCULAR', message, { path: names });
}

function toTokenName(token: unknown): string {
  return typeof token === 'function' ? token.name : String(token);
}
