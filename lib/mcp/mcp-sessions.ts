// The sessions of MCP's transport (`Mcp-Session-Id`): each belongs to the caller who opened it, and to its endpoint.
import type { HandlerClass } from '../auth/access/access-policy.js';
import type { NodeHead, WriteHead } from '../auth/response-headers.js';
import type { DescopeSession } from '../core/session/session.js';

/** The header that names a session. */
export const SESSION_HEADER = 'mcp-session-id';
const MAX_SESSIONS = 10_000;

interface SessionOwner {
  readonly endpoint: HandlerClass;
  readonly caller: string;
}

/** Remembers who opened which session. No token is remembered. */
export class McpSessions {
  readonly #owners = new Map<string, SessionOwner>();

  /** Checks whether a session was opened by this caller at this endpoint. */
  isOwn(id: string, endpoint: HandlerClass, session: DescopeSession): boolean {
    const owner = this.#owners.get(id);
    if (owner === undefined || owner.endpoint !== endpoint || owner.caller !== toCaller(session))
      return false;
    this.#owners.delete(id); // the one that was used last is dropped last
    this.#owners.set(id, owner);
    return true;
  }

  /** Remembers the session that a response opens, when its head is written. */
  observe(head: NodeHead, endpoint: HandlerClass, session: DescopeSession): void {
    const { writeHead } = head;
    const observed: WriteHead = (...args) => {
      const id = findSessionId(head, args);
      if (id !== undefined && !this.#owners.has(id)) this.#add(id, { endpoint, caller: toCaller(session) });
      return writeHead.apply(head.response, args);
    };
    head.writeHead = observed;
  }

  #add(id: string, owner: SessionOwner): void {
    this.#owners.set(id, owner);
    const [oldest] = this.#owners.keys();
    if (this.#owners.size > MAX_SESSIONS && oldest !== undefined) this.#owners.delete(oldest); // its client starts anew
  }
}

// A person who signs in again is the same caller, but not with another client.
function toCaller({ user }: DescopeSession): string {
  return user === undefined
    ? 'anonymous'
    : JSON.stringify([user.claims.iss, user.id, user.claims['azp'] ?? null]);
}

// Headers are set before, or passed as an object or as a list in which names and values alternate.
function findSessionId(head: NodeHead, args: readonly unknown[]): string | undefined {
  const given = args.find((value) => typeof value === 'object' && value !== null);
  const list: readonly unknown[] = Array.isArray(given) ? given.flat() : Object.entries(given ?? {}).flat();
  const at = list.findIndex(
    (name, index) => index % 2 === 0 && String(name).toLowerCase() === SESSION_HEADER,
  );
  const id = at < 0 ? head.get(SESSION_HEADER) : list[at + 1];
  return typeof id === 'string' ? id : undefined;
}
