// Reads what Descope says about relations: only a plain yes to the very question that was asked is one.
import { isYes } from '../../core/yes.js';

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
