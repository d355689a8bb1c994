// Whose token is it? What the issuer claim says of the project and of the kind of client.

/** For whom an issuer signs: the project's own sessions, an inbound app's, or an agent's. */
export type IssuerKind = 'session' | 'app' | 'agent';

// Path segments are compared as they stand, so anything that a URL parser would rewrite is refused.
const ISSUER_URL =
  /^https?:\/\/[A-Za-z0-9.:[\]-]+((?:\/[A-Za-z0-9_~!$&'()*+,;=:@-][A-Za-z0-9._~!$&'()*+,;=:@-]*)+)$/;

/**
 * Reads what an issuer of this project signs for; the issuer of another project is `undefined`.
 * The project's own is its id, or a URL that ends in it, on any host: custom domains exist, and the key is the boundary.
 */
export function readIssuerKind(issuer: string, projectId: string): IssuerKind | undefined {
  if (issuer === projectId) return 'session';
  const path = ISSUER_URL.exec(issuer)?.[1];
  if (path === undefined) return undefined;
  const [previous, last] = path.split('/').slice(-2);
  if (previous === projectId) return 'agent'; // …/v1/apps/agentic/<projectId>/<serverId>, and whatever is like it
  if (last !== projectId) return undefined;
  if (previous === 'apps') return 'app'; // …/v1/apps/<projectId>
  return previous === 'agentic' ? 'agent' : 'session';
}
