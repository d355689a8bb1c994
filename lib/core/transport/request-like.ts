// What the road needs to see of a request, whatever framework it came through.

/** The part of Node's `IncomingMessage` that is read. Express's request is one; Fastify's and others are brought to it. */
export interface RequestLike {
  readonly method?: string | undefined;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Names and values as they came, alternating; shows what `headers` has merged or dropped. */
  readonly rawHeaders?: readonly string[] | undefined;
  readonly socket?: { readonly remoteAddress?: string | undefined } | undefined;
  /** Where it came from, past the proxies that the framework was told to trust. */
  readonly ip?: string | undefined;
  /** The application's own server-side session, where a plugin put one. */
  readonly session?: unknown;
}

/** Reads a header; several values that a framework kept as a list are joined as RFC 9110 §5.3 says. */
export function readHeader(request: RequestLike, name: string, separator = ', '): string | undefined {
  const value = Object.hasOwn(request.headers, name) ? request.headers[name] : undefined;
  return typeof value === 'string' || value === undefined ? value : value.join(separator);
}

/**
 * Reads the host that a request is for. HTTP/2 says it as `:authority`, which goes before a `Host` beside it; where the
 * two differ, the request is for neither (RFC 9113 §8.3.1).
 */
export function readHost(request: RequestLike): string | undefined {
  const host = readHeader(request, 'host');
  const authority = readHeader(request, ':authority');
  if (authority === undefined || host === undefined) return authority ?? host;
  return authority.toLowerCase() === host.toLowerCase() ? authority : undefined;
}

/** Counts how often a header came, also where `headers` keeps one of them only. */
export function countHeader(request: RequestLike, name: string): number {
  const raw = request.rawHeaders;
  if (raw === undefined) return readHeader(request, name) === undefined ? 0 : 1;
  let count = 0;
  for (let index = 0; index < raw.length; index += 2) {
    const candidate = raw[index];
    if (candidate?.length === name.length && candidate.toLowerCase() === name) count += 1;
  }
  return count;
}

const IPV4 = /^(?:::ffff:)?\d{1,3}(?:\.\d{1,3}){3}$/i;

/** Reads the address that a request came from; of IPv6 its network, because one sender has all of its addresses. */
export function readSender({ ip, socket }: RequestLike): string | undefined {
  const address = ip ?? socket?.remoteAddress;
  if (address === undefined || IPV4.test(address)) return address;
  const groups = (address.split('::')[0] ?? '').split(':');
  return Array.from({ length: 4 }, (_, index) => groups[index] || '0').join(':');
}
