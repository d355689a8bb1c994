// What the compiler says of programs that use the package, in one file, because they share what the compiler has read.
// Names that an application declares: what does not fit them does not compile, and without them nothing changes.
import { describe, expect, it } from '@jest/globals';
import { listFlaws } from '../support/compiled-program.js';

const REGISTER = `
declare module 'nestjs-descope' {
  interface DescopeRegister {
    roles: 'admin' | 'editor';
    permissions: 'reports:read';
    tenants: 'acme' | 'globex';
    claims: { plan: 'free' | 'pro' };
    user: Account;
  }
}`;

// A line that ends in `// no` must not compile with the declaration, and compiles without it.
const PROGRAM = `
import { Authorize, CurrentSession, CurrentUser, DescopeService, DescopeUser, Permissions, Roles } from 'nestjs-descope';
import type { CustomClaims, DescopeRule, DescopeSession, SignedInSession } from 'nestjs-descope';
import { ParseIntPipe } from '@nestjs/common';
export interface Account { readonly email: string; readonly name: string; readonly roles: readonly string[] }

export class OrdersController {
  @Roles('admin', 'editor') one() {}
  @Roles('admin', { tenant: 'param:id' }) two() {}
  @Roles('edtor') three() {} // no
  @Roles.all('admin', 'edtor', { tenant: true }) four() {} // no
  @Permissions('reports:read') five() {}
  @Permissions.any('reports:raed') six() {} // no

  @Authorize((user) => user.email === 'a@example.com') seven() {}
  @Authorize((user) => user.kind === 'user') eight() {} // no
  @Authorize((account: Account) => account.name === 'Anna') nine() {}

  whole(@CurrentUser() user: Account) { return user; }
  perhaps(@CurrentUser() user: Account | undefined) { return user; }
  second(id: string, @CurrentUser('email') email: string) { return id + email; }
  piped(@CurrentUser('email', ParseIntPipe) email: number) { return email; }
  other(@CurrentUser() user: DescopeUser) { return user; } // no
  wrong(@CurrentUser('email') email: number) { return email; } // no
  later(id: number, @CurrentUser('name') name: number) { return id + name; } // no
  required(@CurrentSession() { user, token, claims, expiresAt }: SignedInSession) {
    return [user.id, token.length, claims.sub, expiresAt.getTime()];
  }
  anybody(@CurrentSession() session: DescopeSession) { return session.user?.id; }
}

export class IsUser implements DescopeRule {
  isAllowed(user: DescopeUser) { return user.kind === 'user'; } // no
}

export function ask(user: DescopeUser, service: DescopeService, anyTenant: string) {
  user.hasRole('admin');
  user.hasRole('edtor'); // no
  user.hasPermission('reports:read');
  user.hasPermission('reports:raed'); // no
  service.validateRoles(user, ['admin']);
  service.validateRoles(user, ['edtor']); // no
  service.validateTenantRoles(user, 'acme', ['editor']);
  service.validateTenantRoles(user, 'acmee', ['editor']); // no
  service.getMatchedTenantPermissions(user, 'acme', ['reports:raed']); // no
  service.validateTenantRoles(user, anyTenant, ['editor']); // no
  return user.roles.includes('a role of another application');
}

export const held = (claims: CustomClaims): unknown => claims['plan'];
`;

describe('A program that declares its names', () => {
  it('does not compile where a name or a type does not fit, and nowhere else', () => {
    const marked = [...PROGRAM.split('\n').entries()].flatMap(([line, text]) =>
      text.endsWith('// no') ? [line + 1] : [],
    );
    expect(marked.length).toBeGreaterThan(10);
    expect(listLines(PROGRAM + REGISTER)).toEqual(marked);
  });

  it('knows the types of its claims', () => {
    const program = `
import type { CustomClaims } from 'nestjs-descope';
interface Account { readonly email: string }
export const plan = (claims: CustomClaims): 'free' | 'pro' => claims.plan;
export const wrong = (claims: CustomClaims): number => claims.plan;`;
    expect(listLines(program + REGISTER)).toEqual([5]);
  });
});

describe('What the compiler says of a misspelt name', () => {
  it.each([
    ["Roles('edtor')", '"admin" | "editor"'],
    ["Roles('admin', 'edtor')", '"admin" | "editor"'],
    ["Roles.all('edtor')", '"admin" | "editor"'],
    ["Permissions('reports:raed')", '"reports:read"'],
    ["Permissions.any('reports:raed')", '"reports:read"'],
  ])('in %s is which names there are, before it speaks of options', (call, names) => {
    const program = `import { Permissions, Roles } from 'nestjs-descope';\ninterface Account {}\n${call};`;
    const [flaw = '', ...others] = listFlaws(program + REGISTER).map(({ text }) => text);
    expect(others).toEqual([]);
    const misspelt = /'([^']*)'\)$/.exec(call)?.[1];
    const argument = `Argument of type '"${misspelt}"' is not assignable to parameter of type '${names}'`;
    expect(flaw).toContain(argument);
    expect(flaw.slice(0, flaw.indexOf(argument))).not.toContain('GrantOptions');
  });
});

describe('Names and options handed on', () => {
  it('compile as they are declared, whether listed or spread', () => {
    const program = `
import { Roles } from 'nestjs-descope';
import type { GrantArguments, RoleName } from 'nestjs-descope';
interface Account {}
const names: RoleName[] = ['admin'];
export const Own = (...given: GrantArguments<RoleName>) => Roles.all(...given);
Roles(...names);
Roles(...names, { tenant: true });
Roles({ tenant: true }, 'admin'); // no
Roles('admin', { tenant: 'query:tenant' }); // no`;
    expect(listLines(program + REGISTER)).toEqual([9, 10]);
  });
});

describe('A program that declares nothing', () => {
  it('compiles as before', () => {
    expect(listLines(PROGRAM)).toEqual([]);
  });

  it('still names only properties that users have', () => {
    expect(
      listLines("import { CurrentUser } from 'nestjs-descope';\nCurrentUser('email');\nCurrentUser('nope');"),
    ).toEqual([3]);
  });
});

// `req.user` of Express, as the compiler knows it: with the entry point that is for this, and without.
const EXPRESS = "import 'nestjs-descope/express';";
const HANDLER = `
import type { Request } from 'express';
import type { DescopeUser } from 'nestjs-descope';
export function id(request: Request): string | undefined {
  return request.user?.id;
}
export function whole(request: Request): DescopeUser | undefined {
  return request.user;
}`;
const ACCOUNT = `
import type { Request } from 'express';
import type { RegisteredUser } from 'nestjs-descope';
interface Account { readonly email: string }
declare module 'nestjs-descope' {
  interface DescopeRegister { user: Account }
}
export const email = (request: Request): string | undefined => request.user?.email;
export const account = (request: Request): RegisteredUser | undefined => request.user;
export const roles = (request: Request): unknown => request.user?.roles;`;

// As @types/passport has it.
const PASSPORT = `
declare global {
  namespace Express {
    interface AuthInfo {}
    interface User {}
    interface Request {
      authInfo?: AuthInfo | undefined;
      user?: User | undefined;
      logIn(user: User, done: (err: unknown) => void): void;
    }
  }
}`;

const compile = (...parts: readonly string[]) => listFlaws(parts.join('\n')).map(({ text }) => text);

describe("A handler that takes Express' request", () => {
  it("knows Descope's user in request.user where the entry point for Express is imported", () => {
    expect(compile(EXPRESS, HANDLER)).toEqual([]);
  });

  it("knows the application's own user there, where one is registered", () => {
    expect(compile(EXPRESS, ACCOUNT)).toEqual([
      expect.stringMatching(/^Property 'roles' does not exist on type 'User'/),
    ]);
  });

  it('knows it beside the types of Passport, too', () => {
    expect(compile(EXPRESS, HANDLER, PASSPORT)).toEqual([]);
  });

  it('may not take it for granted, because nobody may be signed in', () => {
    const careless = "import type { Request } from 'express';\nexport const id = (r: Request) => r.user.id;";
    expect(compile(EXPRESS, careless)).toEqual([expect.stringMatching(/is possibly 'undefined'/)]);
  });

  it('sees no change without that import', () => {
    const missing = expect.stringMatching(/^Property 'user' does not exist on type 'Request/);
    expect(compile(HANDLER)).toEqual([missing, missing]);
  });
});

// Which `fetch` an application may bring: what the compiler says of Node's, of undici's, and of functions of its own.
// A line that ends in `// no` must not compile.
const FETCHES = `
import { fetch as undiciFetch } from 'undici';
import { DescopeM2mClient, DescopeModule } from 'nestjs-descope';
import type { FetchLike } from 'nestjs-descope';

DescopeModule.forRoot({ fetch });
DescopeModule.forRoot({ fetch: globalThis.fetch });
DescopeModule.forRoot({ fetch: undiciFetch });
DescopeModule.forRoot({ fetch: async (url, init) => fetch(url, { ...init, keepalive: true }) });
DescopeModule.forRoot({ fetch: (url, init) => undiciFetch(url, init) });
DescopeModule.forRoot({ fetch: async () => Response.json({ keys: [] }) });
DescopeModule.forRoot({ fetch: (url: string, init: RequestInit): Promise<Response> => fetch(url, init) });
DescopeModule.forRootAsync({ useFactory: () => ({ fetch: undiciFetch }) });
const typed: typeof fetch = (input, init) => fetch(input, init);
DescopeModule.forRoot({ fetch: typed });
export const own: FetchLike = undiciFetch;

export function call(m2m: DescopeM2mClient, accessKey: string): typeof fetch {
  const origins = ['https://orders.internal'];
  m2m.createFetch({ accessKey }, { origins, fetch });
  m2m.createFetch({ accessKey }, { origins, fetch: (url) => url }); // no
  return m2m.createFetch({ accessKey }, { origins, fetch: undiciFetch });
}

DescopeModule.forRoot({ fetch: 'fetch' }); // no
DescopeModule.forRoot({ fetch: () => 200 }); // no
DescopeModule.forRoot({ fetch: async () => ({ status: 200 }) }); // no
DescopeModule.forRoot({ fetch: async (url: number) => Response.json(url) }); // no
DescopeModule.forRoot({ fetch: async (url) => Response.json(url.href) }); // no
`;
const REFUSED = [...FETCHES.split('\n').entries()].flatMap(([line, text]) =>
  text.endsWith('// no') ? [line + 1] : [],
);

describe('A fetch of the application', () => {
  it.each([
    ['of Node alone', ['es2023']],
    ['of browsers, too', ['es2023', 'dom', 'dom.iterable']],
  ])('compiles with the types %s where it can be called like a fetch, and nowhere else', (_types, lib) => {
    expect(REFUSED.length).toBe(6);
    const flaws = listFlaws(FETCHES, lib);
    expect(flaws.map(({ line, text }) => (REFUSED.includes(line) ? line : text))).toEqual(REFUSED);
  });
});

// The lines that the compiler complains of.
function listLines(text: string): number[] {
  const lines = listFlaws(text).map(({ line }) => line);
  return [...new Set(lines)].sort((one, other) => one - other);
}
