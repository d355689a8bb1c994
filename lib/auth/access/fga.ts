// Asks Descope about relations through the vendor's client: all questions of one request at a time are one call.
import { withDeadline } from '../../core/api/http-client.js';
import { DescopeUnavailableError } from '../../core/errors.js';
import { publishOutage } from '../../core/events.js';
import type { Notify } from '../../core/logging.js';
import { readProjectId, RequestFailure } from '../../core/logging.js';
import { isYes } from '../../core/maybe-promise.js';

/** What is used of the vendor's client. */
export interface RelationClient {
  readonly management: { readonly fga: { check(relations: Relation[]): Promise<unknown> } };
}

/** Whom to ask, and how long that may take. */
export interface RelationCheckInput {
  readonly client: RelationClient;
  readonly timeoutMs: number;
  readonly notify: Notify;
  /** Where Descope is asked, and the cache before it: of both the log names the host. */
  readonly baseUrl: string;
  readonly cacheUrl?: string | undefined;
  /** What the client met with last, of which it says nothing while it tries again. */
  readonly readFailure?: () => RequestFailure | undefined;
}

interface Batch {
  readonly relations: Map<string, Relation>;
  readonly related: Promise<ReadonlySet<string>>;
}

// Not an `ExpiringCache`: no answer outlives its batch, and a batch is open to further questions before it is sent.
/** Finds out which relations there are. No answer is remembered. */
export class RelationCheck {
  readonly #input: RelationCheckInput;
  readonly #batches = new WeakMap<object, Batch>();

  constructor(input: RelationCheckInput) {
    this.#input = input;
  }

  /** Tells of each relation whether it is there. Rejects with `FGA_UNAVAILABLE` where Descope does not tell. */
  async ask(request: object, relations: readonly Relation[]): Promise<readonly boolean[]> {
    if (relations.length === 0) return [];
    const batch = this.#join(request);
    const keys = relations.map(toRelationKey);
    for (const [index, relation] of relations.entries()) batch.relations.set(keys[index] ?? '', relation);
    const related = await batch.related;
    return keys.map((key) => related.has(key));
  }

  // A batch takes questions until the event loop turns, so that the fields of a GraphQL query share it.
  #join(request: object): Batch {
    const open = this.#batches.get(request);
    if (open !== undefined) return open;
    const relations = new Map<string, Relation>();
    const related = new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
      this.#batches.delete(request);
      return this.#send(relations);
    });
    const batch = { relations, related };
    this.#batches.set(request, batch);
    return batch;
  }

  async #send(relations: ReadonlyMap<string, Relation>): Promise<ReadonlySet<string>> {
    const { client, timeoutMs, readFailure } = this.#input;
    const before = readFailure?.();
    let answer: unknown;
    try {
      // The client tries again by itself for many seconds, and a cache is asked without the module's bounded fetch.
      const asking = client.management.fga.check([...relations.values()]);
      answer = await withDeadline(asking, timeoutMs, 'Descope');
      return readRelated(answer, [...relations.keys()]);
    } catch (error) {
      const cause = this.#toFailure(error, answer !== undefined, before);
      throw this.#toUnavailable(cause, readRetryAfter(answer) ?? 1);
    }
  }

  #toFailure(error: unknown, isAnswered: boolean, before: RequestFailure | undefined): RequestFailure {
    if (error instanceof RequestFailure) return error;
    const { baseUrl, cacheUrl, readFailure } = this.#input;
    if (isAnswered) return new RequestFailure({ url: baseUrl, cause: error }); // the cache gives nothing but a yes
    const last = readFailure?.();
    if (last !== undefined && last !== before) return last;
    return new RequestFailure({ url: cacheUrl ?? baseUrl, cause: error });
  }

  #toUnavailable(cause: RequestFailure, retryAfterSeconds: number): DescopeUnavailableError {
    const code = 'FGA_UNAVAILABLE';
    publishOutage(code, retryAfterSeconds, readProjectId(this.#input.notify));
    this.#input.notify({ code, level: 'warn', message: `${DOWN} (${cause.message})` });
    const message = `Descope cannot be asked about relations at present (${cause.message}).`;
    return new DescopeUnavailableError(code, message, { retryAfterSeconds, cause });
  }
}

const DOWN =
  "Relations cannot be checked, and handlers with @FgaCheck answer 503 until they can. If this lasts, check the way to baseUrl and fgaCacheUrl, the management key, and that the project's schema knows the types and relations that are asked for.";

// Reads what Descope says about relations: only a plain yes to the very question that was asked is one.

/** A question of Descope's fine-grained authorization: is this target so related to this resource? */
export interface Relation {
  readonly resourceType: string;
  readonly resource: string;
  readonly relation: string;
  readonly targetType: string;
  readonly target: string;
}

/** One text for each relation. */
export function toRelationKey({ resourceType, resource, relation, targetType, target }: Relation): string {
  return JSON.stringify([resourceType, resource, relation, targetType, target]);
}

/** Reads which of the asked relations there are, by key. Throws an Error for an answer to something else. */
export function readRelated(answer: unknown, asked: readonly string[]): ReadonlySet<string> {
  const { ok, data } = toMembers(answer);
  if (!isYes(ok)) throw new Error(`Descope answered with ${toReason(answer)}.`);
  if (!Array.isArray(data) || data.length !== asked.length) throw odd();
  const verdicts = new Map(data.map(readVerdict));
  if (!asked.every((key) => verdicts.has(key))) throw odd();
  return new Set(asked.filter((key) => isYes(verdicts.get(key))));
}

/** After how many seconds Descope wants to be asked again; `undefined` where it does not say. */
export function readRetryAfter(answer: unknown): number | undefined {
  const { retryAfter } = toMembers(toMembers(answer)['error']);
  const isWhole = typeof retryAfter === 'number' && Number.isInteger(retryAfter);
  return isWhole && retryAfter > 0 && retryAfter < 10_000 ? retryAfter : undefined;
}

function readVerdict(item: unknown): readonly [key: string, isRelated: boolean] {
  const { allowed, tuple } = toMembers(item);
  // JSON made of protocol buffers leaves out what is false.
  if (allowed !== undefined && typeof allowed !== 'boolean') throw odd();
  return [toRelationKey(toMembers(tuple) as unknown as Relation), isYes(allowed)];
}

// The status and Descope's own code; its words could repeat what was sent.
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
  return new Error('Descope answered with something else than what was asked.');
}
