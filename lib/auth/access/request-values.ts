// Reads from a request what a demand or a rule is about: the id of a tenant, the id of a resource.
import type { ExecutionContext } from '@nestjs/common';
import { readHeader, readHost } from '../../core/http/request.js';
import type { MaybePromise } from '../../core/maybe-promise.js';
import { isThenable, whenReady } from '../../core/maybe-promise.js';
import type { RequestValueSource } from '../../core/user/demands.js';
import type { DescopeUser } from '../../core/user/descope-user.js';
import type { DescopeCall } from '../transports/call.js';
import { readParam } from '../transports/call.js';

/**
 * Where a request names a tenant or a resource:
 * - `'param:<name>'`: a route parameter, in GraphQL an argument, in a message a member of the payload
 * - `'header:<name>'`: a header
 * - `'subdomain'`: the first label of the host
 * - `'dct'`: the session's current tenant
 * - a function of the execution context
 * @example `'param:tenantId'`
 */
export type ValueSource =
  | Exclude<RequestValueSource, object>
  | ((context: ExecutionContext) => MaybePromise<string | null | undefined>);

/** The caller, and the call. */
export interface ValueInput {
  readonly call: DescopeCall;
  readonly user: DescopeUser | undefined;
}

/** Reads the value; `undefined` if the request has none. */
export function readRequestValue(
  source: RequestValueSource,
  input: ValueInput,
): MaybePromise<string | undefined> {
  if (typeof source === 'function') {
    const read = source as (context: ExecutionContext) => MaybePromise<unknown>;
    return whenReady(read(input.call.context), toValue);
  }
  const known = readers.get(source);
  if (known !== undefined) return known(input);
  const reader = toReader(source);
  readers.set(source, reader);
  return reader(input);
}

type Reader = (input: ValueInput) => string | undefined;

const readers = new Map<string, Reader>(); // one for each source in a decorator, parsed once and not for every request

function toReader(source: Exclude<RequestValueSource, object>): Reader {
  if (source === 'dct') return ({ user }) => user?.tenant;
  if (source === 'subdomain') return ({ call }) => readSubdomain(readHost(call.headers));
  const name = source.slice(source.indexOf(':') + 1);
  if (source.startsWith('param:')) return ({ call }) => toValue(readParam(call, name));
  const header = name.toLowerCase();
  return ({ call }) => toValue(readHeader(call.headers, header));
}

const NOTHING_NAMED: ReadonlyMap<RequestValueSource, string> = new Map();

/** Reads several values; the result leaves out what the request does not name. */
export function readRequestValues(
  sources: readonly RequestValueSource[],
  input: ValueInput,
): MaybePromise<ReadonlyMap<RequestValueSource, string>> {
  if (sources.length === 0) return NOTHING_NAMED;
  const values = new Map<RequestValueSource, string>();
  for (const [index, source] of sources.entries()) {
    const value = readRequestValue(source, input);
    if (isThenable(value)) return keepLate(values, sources.slice(index), { first: value, input });
    keep(values, source, value);
  }
  return values;
}

// Each read has its own promise, so that a synchronous error in one leaves no rejection of another unhandled.
async function keepLate(
  values: Map<RequestValueSource, string>,
  sources: readonly RequestValueSource[],
  { first, input }: { readonly first: MaybePromise<string | undefined>; readonly input: ValueInput },
): Promise<ReadonlyMap<RequestValueSource, string>> {
  const read = async (source: RequestValueSource, at: number): Promise<void> =>
    keep(values, source, await (at === 0 ? first : readRequestValue(source, input)));
  await Promise.all(sources.map(read));
  return values;
}

function keep(values: Map<RequestValueSource, string>, source: RequestValueSource, value?: string): void {
  if (value !== undefined) values.set(source, value);
}

// `acme.example.com` → `acme`. A host of two labels has no subdomain, and an IP address has none either. The dot at the
// end of an absolute name (RFC 1034 §3.1) does not start another label.
function readSubdomain(host: string | undefined): string | undefined {
  const labels =
    host
      ?.toLowerCase()
      .replace(/\.?(?::\d+)?$/, '')
      .split('.') ?? [];
  const isName = labels.length > 2 && !/^\d+$/.test(labels.at(-1) ?? '');
  return isName ? toValue(labels[0]) : undefined;
}

function toValue(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
