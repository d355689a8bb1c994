// A request as a route sees it: read, bounded and decoded.

/** An object whose members an outsider named. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** A request after the server has read it. */
export interface Call {
  readonly method: string;
  /** The path without its query. */
  readonly path: string;
  /** The parts of the path that the route names with a colon. */
  readonly params: ReadonlyMap<string, string>;
  readonly query: URLSearchParams;
  /** The address of the caller. */
  readonly address: string;
  readonly body: JsonObject;
  readonly authorization: Authorization;
  readonly cookies: ReadonlyMap<string, string>;
  /** The client that an OAuth call names by Basic authentication. */
  readonly client: ClientCredential | undefined;
}

/** The two halves of `Bearer <project id>[:<token or key>]`; empty text where nothing stands. */
export interface Authorization {
  readonly projectId: string;
  readonly credential: string;
}

/** An OAuth client and its secret. */
export interface ClientCredential {
  readonly clientId: string;
  readonly clientSecret: string;
}

const BEARER = /^Bearer ([^:\s]+)(?::([^:\s]+))?(?::[^:\s]+)?$/i;

/** Reads an Authorization header; anything but a bearer credential counts as none. */
export function readAuthorization(header: string | undefined): Authorization {
  const match = BEARER.exec(header ?? '');
  return { projectId: match?.[1] ?? '', credential: match?.[2] ?? '' };
}

/** Reads a client's Basic credential; both halves are form-encoded (RFC 6749 section 2.3.1). */
export function readClient(header: string | undefined): ClientCredential | undefined {
  const encoded = /^Basic ([A-Za-z0-9+/]+=*)$/i.exec(header ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const pair = Buffer.from(encoded, 'base64').toString('utf8');
  const at = pair.indexOf(':');
  if (at < 1) return undefined;
  return { clientId: formDecode(pair.slice(0, at)), clientSecret: formDecode(pair.slice(at + 1)) };
}

/** Reads a Cookie header; of two cookies of one name the first counts. */
export function readCookies(header: string | undefined): ReadonlyMap<string, string> {
  const cookies = new Map<string, string>();
  for (const part of (header ?? '').split(';')) {
    const at = part.indexOf('=');
    const name = part.slice(0, Math.max(at, 0)).trim();
    if (name && !cookies.has(name)) cookies.set(name, part.slice(at + 1).trim());
  }
  return cookies;
}

// What was not encoded, as many clients do, may hold a lone percent sign.
function formDecode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}
