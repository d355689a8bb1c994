// Relation checks by the Descope client: those of one request that are due at once are one call, whose response is read here.
import { withDeadline } from '../../core/deadline.js';
import { DescopeUnavailableError } from '../../core/errors.js';
import { publishOutage } from '../../core/events.js';
import type { Notify } from '../../core/logging.js';
import { readProjectId } from '../../core/logging.js';
import { isYes } from '../../core/maybe-promise.js';
import { RequestFailure } from '../../core/request-failure.js';
import { isWellFormed } from '../../core/token/claims.js';
import type { CheckedContext } from './fga-context.js';

/** The part of the Descope client that is used. */
export interface RelationClient {
  readonly management: { readonly fga: RelationApi };
}

interface RelationApi {
  check(relations: Relation[]): Promise<unknown>;
  checkWithContext(relations: Relation[], context: CheckedContext): Promise<unknown>;
}

/** What a relation check needs. */
export interface RelationCheckInput {
  readonly client: RelationClient;
  readonly timeoutMs: number;
  readonly notify: Notify;
  /** The URLs of Descope's API and of the cache in front of it. The log names their hosts. */
  readonly baseUrl: string;
  readonly cacheUrl?: string | undefined;
  /** Reads the client's last failed request, which the client does not report while it retries. */
  readonly readFailure?: () => RequestFailure | undefined;
}

interface Batch {
  readonly relations: Map<string, Relation>;
  readonly related: Promise<ReadonlySet<string>>;
}

/** The relations of one call, by key, and their context. */
interface Query {
  readonly relations: ReadonlyMap<string, Relation>;
  readonly context: CheckedContext | undefined;
}

// Descope documents no limit for one call. A call of this size has about 100 KB.
const MAX_PER_CALL = 500;
const MAX_CALLS_AT_ONCE = 4;

// Not an `ExpiringCache`: no result outlives its batch, and a batch takes further checks until it is sent.
/** Checks which relations exist. No result is remembered. */
export class RelationCheck {
  readonly #input: RelationCheckInput;
  readonly #batches = new WeakMap<object, Map<string, Batch>>();

  constructor(input: RelationCheckInput) {
    this.#input = input;
  }

  /**
   * Checks relations. Those of one request with the same context are one call, if they are due in the same turn of the event
   * loop.
   * @returns for each relation whether it exists
   * @throws {DescopeUnavailableError} FGA_UNAVAILABLE when Descope cannot be reached, or its response is not usable
   */
  async ask(
    request: object,
    relations: readonly Relation[],
    context?: CheckedContext,
  ): Promise<readonly boolean[]> {
    const sound = relations.filter(isSound);
    if (sound.length === 0) return relations.map(() => false);
    const batch = this.#join(request, context);
    for (const relation of sound) batch.relations.set(toRelationKey(relation), relation);
    const related = await batch.related;
    return relations.map((relation) => related.has(toRelationKey(relation)));
  }

  // A batch takes checks until the next turn of the event loop, so that the fields of a GraphQL query share it.
  #join(request: object, context: CheckedContext | undefined): Batch {
    const batches = this.#batches.get(request) ?? new Map<string, Batch>();
    this.#batches.set(request, batches);
    const key = context === undefined ? '' : JSON.stringify(context);
    const open = batches.get(key);
    if (open !== undefined) return open;
    const relations = new Map<string, Relation>();
    const related = new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
      batches.delete(key);
      return this.#askAll({ relations, context });
    });
    const batch = { relations, related };
    batches.set(key, batch);
    return batch;
  }

  async #askAll(query: Query): Promise<ReadonlySet<string>> {
    const related = new Set<string>();
    const parts = toParts(query);
    // The loops share one generator. An error in one closes it, and the others start no further call.
    const ask = async (): Promise<void> => {
      for (const part of parts) for (const key of await this.#send(part)) related.add(key);
    };
    await Promise.all(Array.from({ length: MAX_CALLS_AT_ONCE }, ask));
    return related;
  }

  async #send({ relations, context }: Query): Promise<ReadonlySet<string>> {
    const { client, timeoutMs, readFailure } = this.#input;
    const before = readFailure?.();
    let answer: unknown;
    try {
      const { fga } = client.management;
      const tuples = [...relations.values()];
      // The client retries for many seconds, and it calls a cache without the module's `fetch` and its time limit.
      const asking = context === undefined ? fga.check(tuples) : fga.checkWithContext(tuples, context);
      answer = await withDeadline(() => asking, { timeoutMs, who: 'Descope' });
      const related = readRelated(answer, [...relations.keys()]);
      this.#reportUnevaluated(answer);
      return related;
    } catch (error) {
      const cause = this.#toFailure(error, answer !== undefined, before);
      throw this.#toUnavailable(cause, answer, relations.values());
    }
  }

  // A rejection that no relation can cure: the application passes no value, or one of another type.
  #reportUnevaluated(answer: unknown): void {
    const found = findUnevaluated(answer);
    if (found === undefined) return;
    const message = `Descope could not evaluate a condition of the schema, and denied ${found}. Return the value from \`context\` of @FgaCheck, or pass it to DescopeFga.`;
    this.#input.notify({ code: 'FGA_CONTEXT_MISSING', level: 'warn', message });
  }

  #toFailure(error: unknown, isAnswered: boolean, before: RequestFailure | undefined): RequestFailure {
    if (error instanceof DescopeUnavailableError && error.cause instanceof RequestFailure) return error.cause;
    const { baseUrl, cacheUrl, readFailure } = this.#input;
    if (isAnswered) return new RequestFailure({ url: baseUrl, cause: error }); // the cache returns only successful responses
    const last = readFailure?.();
    if (last !== undefined && last !== before) return last;
    return new RequestFailure({ url: cacheUrl ?? baseUrl, cause: error });
  }

  #toUnavailable(cause: RequestFailure, answer: unknown, asked: Iterable<Relation>): DescopeUnavailableError {
    const code = 'FGA_UNAVAILABLE';
    const retryAfterSeconds = readRetryAfter(answer) ?? 1;
    publishOutage(code, retryAfterSeconds, readProjectId(this.#input.notify));
    const names = toNames(asked);
    this.#input.notify({
      code,
      level: 'warn',
      message: `${DOWN} This check was of ${names}. (${cause.message})`,
      ...(toMembers(answer)['code'] === 400 && { subject: names }), // a wrong name, and the next may be another one
    });
    const message = `Descope cannot check relations at present (${cause.message}).`;
    return new DescopeUnavailableError(code, message, { retryAfterSeconds, cause });
  }
}

/** Checks which relations exist, loaded when an application asks. */
export type Relations = Pick<RelationCheck, 'ask'>;

const DOWN =
  "Relations cannot be checked. Until they can, handlers with @FgaCheck respond with 503, and DescopeFga rejects. If this continues, check the network connection to baseUrl and fgaCacheUrl, the management key, and that the project's schema has the types and relations that are asked for.";

// As a schema has them, so that a wrong name is found. No id is among them.
function toNames(relations: Iterable<Relation>): string {
  const names = new Set(Array.from(relations, ({ resourceType, relation }) => `${resourceType}#${relation}`));
  const shown = [...names].slice(0, 3).join(', ');
  return names.size > 3 ? `${shown} and others` : shown;
}

// Reads Descope's response: a relation exists only if Descope returns `allowed: true` for exactly this tuple.

/** A tuple of Descope's fine-grained authorization: does the target have this relation to the resource? */
export interface Relation {
  readonly resourceType: string;
  readonly resource: string;
  readonly relation: string;
  readonly targetType: string;
  readonly target: string;
}

// On the way to Descope, half of a surrogate pair becomes U+FFFD: another id. Nothing has such an id.
function isSound({ resource, target }: Relation): boolean {
  return isWellFormed(resource) && isWellFormed(target);
}

/** Converts a relation to a string that is equal only for equal relations. */
export function toRelationKey({ resourceType, resource, relation, targetType, target }: Relation): string {
  return JSON.stringify([resourceType, resource, relation, targetType, target]);
}

/**
 * Reads which of the requested relations exist, by key.
 * @throws {Error} when the response is not about these relations
 */
export function readRelated(answer: unknown, keys: readonly string[]): ReadonlySet<string> {
  const { ok, data } = toMembers(answer);
  if (!isYes(ok)) throw new Error(`Descope answered with ${toReason(answer)}.`);
  if (!Array.isArray(data) || data.length !== keys.length) throw odd();
  const verdicts = new Map(data.map(readVerdict));
  if (!keys.every((key) => verdicts.has(key))) throw odd();
  return new Set(keys.filter((key) => isYes(verdicts.get(key))));
}

/** Reads after how many seconds Descope allows another request; `undefined` if the response does not contain it. */
export function readRetryAfter(answer: unknown): number | undefined {
  const { retryAfter } = toMembers(toMembers(answer)['error']);
  const isWhole = typeof retryAfter === 'number' && Number.isInteger(retryAfter);
  return isWhole && retryAfter > 0 && retryAfter < 10_000 ? retryAfter : undefined;
}

function readVerdict(item: unknown): readonly [key: string, isRelated: boolean] {
  const { allowed, tuple } = toMembers(item);
  // JSON that is generated from protocol buffers leaves out `false`.
  if (allowed !== undefined && typeof allowed !== 'boolean') throw odd();
  return [toRelationKey(toMembers(tuple) as unknown as Relation), isYes(allowed)];
}

/**
 * Finds the first relation that was denied because a condition lacks a value, or has one of another type: what it is
 * called in the schema, and the names of the values. Values and Descope's message are left out.
 */
export function findUnevaluated(answer: unknown): string | undefined {
  const { data } = toMembers(answer);
  for (const item of Array.isArray(data) ? data : []) {
    const { allowed, tuple, info } = toMembers(item);
    const { missingContext, conditionalErr } = toMembers(info);
    const names = Array.isArray(missingContext) ? missingContext.filter(isName) : [];
    const isFailed = typeof conditionalErr === 'string' && conditionalErr !== '';
    if (isYes(allowed) || (names.length === 0 && !isFailed)) continue;
    const { resourceType, relation } = toMembers(tuple);
    const where = `${String(resourceType)}#${String(relation)}`;
    return names.length > 0 ? `${where}, which needs ${names.slice(0, 8).join(', ')}` : where;
  }
  return undefined;
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && /^\w{1,64}$/.test(value);
}

// Parts that are small enough for one call.
function* toParts({ relations, context }: Query): Generator<Query> {
  const all = [...relations];
  for (let start = 0; start < all.length; start += MAX_PER_CALL)
    yield { relations: new Map(all.slice(start, start + MAX_PER_CALL)), context };
}

// The status and Descope's own code. Descope's message could repeat what was sent.
function toReason(answer: unknown): string {
  const { code, error } = toMembers(answer);
  const { errorCode } = toMembers(error);
  const own = typeof errorCode === 'string' && /^E\d{1,9}$/.test(errorCode) ? `, ${errorCode}` : '';
  return `status ${typeof code === 'number' ? code : 'unknown'}${own}`;
}

function toMembers(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function odd(): Error {
  return new Error('The response of Descope does not match the relations in the request.');
}
