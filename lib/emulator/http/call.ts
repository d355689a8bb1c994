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
  readonly body: JsonObject;
  readonly authorization: Authorization;
  readonly cookies: ReadonlyMap<string, string>;
}

/** The two halves of `Bearer <project id>[:<token or key>]`; empty text where nothing stands. */
export interface Authorization {
  readonly projectId: string;
  readonly credential: string;
}

const BEARER = /^Bearer ([^:\s]+)(?::([^:\s]+))?(?::[^:\s]+)?$/i;

/** Reads an Authorization header; anything but a bearer credential counts as none. */
export function readAuthorization(header: string | undefined): Authorization {
  const match = BEARER.exec(header ?? '');
  return { projectId: match?.[1] ?? '', credential: match?.[2] ?? '' };
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
