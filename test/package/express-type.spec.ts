// `req.user` of Express, as the compiler knows it: with the entry point that is for this, and without.
import { describe, expect, it } from '@jest/globals';
import { listFlaws } from '../support/compiled-program.js';

const IMPORT = "import 'nestjs-descope/express';";
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
    expect(compile(IMPORT, HANDLER)).toEqual([]);
  });

  it("knows the application's own user there, where one is registered", () => {
    expect(compile(IMPORT, ACCOUNT)).toEqual([
      expect.stringMatching(/^Property 'roles' does not exist on type 'User'/),
    ]);
  });

  it('knows it beside the types of Passport, too', () => {
    expect(compile(IMPORT, HANDLER, PASSPORT)).toEqual([]);
  });

  it('may not take it for granted, because nobody may be signed in', () => {
    const careless = "import type { Request } from 'express';\nexport const id = (r: Request) => r.user.id;";
    expect(compile(IMPORT, careless)).toEqual([expect.stringMatching(/is possibly 'undefined'/)]);
  });

  it('sees no change without that import', () => {
    const missing = expect.stringMatching(/^Property 'user' does not exist on type 'Request/);
    expect(compile(HANDLER)).toEqual([missing, missing]);
  });
});
