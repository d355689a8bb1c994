// The injectable that checks relations in services: one, or those of a whole list in one call.
import { Inject, Injectable } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import type { Relation, Relations } from '../auth/access/fga.js';
import type { CheckedContext, FgaContext } from '../auth/access/fga-context.js';
import { readFgaContext } from '../auth/access/fga-context.js';
import { findService } from '../auth/access/find-provider.js';
import { inNestForm } from '../auth/http-error.js';
import { DESCOPE_CONFIG, DESCOPE_RELATIONS } from '../auth/injection-tokens.js';
import type { DescopeConfig } from '../core/config/config.js';
import { DescopeConfigError, toMistake } from '../core/errors.js';
import { isYes } from '../core/maybe-promise.js';
import type { TokenKind } from '../core/token/claims.js';

/** Whose relations are checked: a `DescopeUser`, or a caller of `DescopeContext`. A user of your own table is none. */
export interface FgaCaller {
  /** Descope's id, which is the target of the relation. */
  readonly id: string;
  /** The kind of caller. It is not sent to Descope: it tells Descope's users from other objects with an id. */
  readonly kind: TokenKind;
}

/** A relation or permission of a type, as the project's schema names it. */
export interface FgaRelation {
  /** The type of the resource. */
  readonly resourceType: string;
  /** The relation or permission of that type. */
  readonly relation: string;
  /**
   * The caller's type.
   * @defaultValue `'user'`
   */
  readonly targetType?: string | undefined;
  /**
   * Values for the conditions of the schema.
   * @defaultValue no values
   */
  readonly context?: FgaContext | undefined;
}

/** What `DescopeFga.check` asks: a relation to one resource. */
export interface FgaQuestion extends FgaRelation {
  /** The id of the resource. */
  readonly resource: string;
}

/** What `DescopeFga.filter` asks of each resource. */
export interface FgaFilter<Resource> extends FgaRelation {
  /**
   * Returns the id of a resource.
   * @defaultValue the resource itself if it is a string, otherwise its `id`
   */
  readonly id?: ((resource: Resource) => string) | undefined;
}

/**
 * Checks relations by Descope's fine-grained authorization, in any service. No result is remembered. Import
 * `DescopeFgaModule` once to inject it.
 * @example `constructor(private readonly fga: DescopeFga) {}`
 */
@Injectable()
export class DescopeFga {
  @Inject(ModuleRef) private readonly modules!: ModuleRef;

  /**
   * Checks whether a caller has a relation to a resource. Checks of one user object that are due at once are one call.
   * @param user the caller, or Descope's id of a user; `undefined`, an anonymous caller, has no relation
   * @returns `true` only if Descope allows exactly this
   * @throws {DescopeUnavailableError} FGA_UNAVAILABLE when Descope cannot be reached, or its schema lacks the relation; a
   *   handler that lets it through responds with 503
   * @throws {TypeError} for another user, question or context
   * @example `await fga.check(user, { resourceType: 'doc', resource: 'plan', relation: 'can_edit' })`
   */
  async check(user: FgaCaller | string | undefined, question: FgaQuestion): Promise<boolean> {
    const { toTuple, ...asked } = readQuestion(user, question, 'DescopeFga.check()');
    const [isRelated] = await this.#ask(asked, [toTuple(question.resource)]);
    return isYes(isRelated);
  }

  /**
   * Leaves out the resources to which a caller has no relation, in one call: up to 500 different ones, then one for each
   * further 500, four at a time.
   * @param user the caller, or Descope's id of a user; `undefined`, an anonymous caller, has no relation
   * @param relation the relation, and with `id` how to read the id of a resource
   * @param resources ids, objects with an `id`, or anything for which `relation` has `id`
   * @returns the given resources to which Descope allows the relation, in their order
   * @throws {DescopeUnavailableError} FGA_UNAVAILABLE when Descope cannot be reached, or its schema lacks the relation; a
   *   handler that lets it through responds with 503
   * @throws {TypeError} for another user, relation, context or id
   * @example `const visible = await fga.filter(user, { resourceType: 'doc', relation: 'can_view' }, docs);`
   */
  async filter<Resource extends string | { readonly id: string }>(
    user: FgaCaller | string | undefined,
    relation: FgaRelation & { readonly id?: undefined },
    resources: readonly Resource[],
  ): Promise<Resource[]>;
  async filter<Resource>(
    user: FgaCaller | string | undefined,
    relation: FgaFilter<Resource> & { readonly id: (resource: Resource) => string },
    resources: readonly Resource[],
  ): Promise<Resource[]>;
  async filter<Resource>(
    user: FgaCaller | string | undefined,
    relation: FgaFilter<Resource>,
    resources: readonly Resource[],
  ): Promise<Resource[]> {
    const { toTuple, ...asked } = readQuestion(user, relation, 'DescopeFga.filter()');
    const { id = readId } = relation;
    const given = [...resources];
    const related = await this.#ask(
      asked,
      given.map((resource) => toTuple(id(resource))),
    );
    return given.filter((_, index) => isYes(related[index]));
  }

  /** @internal */
  assertUsable(): void {
    const where = 'DescopeFgaModule';
    const config = this.#find(DESCOPE_CONFIG) as DescopeConfig;
    if (config.readSecrets().managementKey !== undefined) return;
    const message = `${where} needs a management key. Set managementKey (or DESCOPE_MANAGEMENT_KEY). A test needs no key with createTestDescope().override(…) of nestjs-descope/testing.`;
    throw new DescopeConfigError('CONFIG_FGA_KEY_MISSING', message, { where });
  }

  async #ask({ owner, context }: Asked, tuples: readonly Relation[]): Promise<readonly boolean[]> {
    if (owner === undefined) return [];
    const check = this.#find(DESCOPE_RELATIONS) as Relations;
    return inNestForm(() => check.ask(owner, tuples, context));
  }

  #find(token: string): unknown {
    return findService(this.modules, token, MODULE_MISSING);
  }
}

const MODULE_MISSING =
  'DescopeFgaModule is imported, but no module imports DescopeModule. Import DescopeModule.forRoot() in the root module.';

interface Asked {
  /** The object whose checks are one call; `undefined` for an anonymous caller. */
  readonly owner: object | undefined;
  readonly context: CheckedContext | undefined;
}

interface ReadQuestion extends Asked {
  readonly toTuple: (resource: unknown) => Relation;
}

function readQuestion(user: unknown, question: FgaRelation, where: string): ReadQuestion {
  const { resourceType, relation, targetType = 'user', context } = { ...question };
  for (const [name, value] of Object.entries({ resourceType, relation, targetType }))
    if (!isText(value)) throw mistake(`${where} expects "${name}" as a non-empty string.`);
  const { owner, target } = readCaller(user, where);
  const toTuple = (resource: unknown): Relation => {
    if (isText(resource)) return { resourceType, resource, relation, targetType, target };
    throw mistake(
      `${where} expects the id of each resource as a non-empty string. If it stands elsewhere or is a number, say how to read it: { id: ({ number }) => String(number) }.`,
    );
  };
  return { owner, context: readFgaContext(context, where), toTuple };
}

function readCaller(user: unknown, where: string): { owner: object | undefined; target: string } {
  if (user === undefined || user === null) return { owner: undefined, target: '' };
  if (isText(user)) return { owner: {}, target: user };
  const { id, kind } = user as Partial<FgaCaller>;
  if (isText(id) && isText(kind)) return { owner: user, target: id };
  throw mistake(
    `${where} expects a DescopeUser (with loadUser: the user of @CurrentSession()), a caller of DescopeContext, or Descope's id of the user.`,
  );
}

function mistake(message: string): TypeError {
  return toMistake(new TypeError(message));
}

function readId(resource: unknown): unknown {
  return typeof resource === 'object' && resource !== null ? (resource as { id?: unknown }).id : resource;
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
