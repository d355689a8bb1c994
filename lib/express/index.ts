// Entry point './express': types only. They declare the type of `request.user` on Express's request.
import type { RegisteredUser } from '../core/user/descope-user.js';

declare global {
  namespace Express {
    /**
     * The type of `request.user`: `DescopeUser`, unless `user` is declared in `DescopeRegister`. Passport's types use the
     * same name.
     */
    interface User extends RegisteredUser {}

    interface Request {
      /** The signed-in user; `undefined` for an anonymous caller. */
      user?: User | undefined;
    }
  }
}

export {};
