// The claims of a session token, with what each means.
import type { DescopeClaims } from 'nestjs-descope';

export interface ClaimView {
  readonly name: string;
  readonly value: string;
  readonly meaning: string;
}

/** Lists the claims, known ones first and in a fixed order. */
export function toClaimViews(claims: DescopeClaims): ClaimView[] {
  const known = [...MEANINGS.keys()].filter((name) => Object.hasOwn(claims, name));
  const others = Object.keys(claims).filter((name) => !MEANINGS.has(name));
  return [...known, ...others].map((name) => ({
    name,
    value: TIMES.has(name) ? toTime(claims[name]) : toText(claims[name]),
    meaning: MEANINGS.get(name) ?? 'A custom claim of this project.',
  }));
}

/** Makes the text of a claim's value. */
function toText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value, undefined, 1).replace(/\s*\n\s*/g, ' ');
}

const TIMES = new Set(['iat', 'exp', 'nbf']);

// As token.js in sample-app/public says it after a refresh.
function toTime(seconds: unknown): string {
  return `${Number(seconds)}, ${new Date(Number(seconds) * 1000).toISOString().slice(11, 19)} UTC`;
}

const MEANINGS: ReadonlyMap<string, string> = new Map([
  ['sub', 'Subject: the id of the user.'],
  ['dsub', 'Descope’s own id of the user, where a JWT template changes sub.'],
  ['iss', 'Issuer: the Descope project. Another project’s token is rejected.'],
  ['aud', 'Audience: whom the token is for.'],
  ['iat', 'Issued at, in seconds since 1970.'],
  ['exp', 'Expires at. From then on the guard rejects the token.'],
  ['rexp', 'When the refresh token expires: until then, a new session token can be had.'],
  ['amr', 'How the user signed in (RFC 8176).'],
  ['drn', 'Kind of token: DS is a session token. A refresh token (DSR) opens no route.'],
  ['name', 'Full name. A JWT template of the project adds it.'],
  ['email', 'E-mail address. A JWT template of the project adds it.'],
  ['roles', 'Roles in the project.'],
  ['permissions', 'Permissions in the project, which come with the roles.'],
  ['tenants', 'Tenants of the user, with roles and permissions in each.'],
  ['dct', 'The current tenant, once one is selected.'],
  ['scope', 'OAuth scopes.'],
  ['su', 'The user has just confirmed who they are (step-up).'],
  ['nsec', 'Claims that the caller supplied. They prove nothing.'],
]);
