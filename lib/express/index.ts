// Entry point './express': types only. What stands in `request.user` is known to handlers that take Express' request.
import type { RegisteredUser } from '../core/user/descope-user.js';

declare global {
  namespace Express {
    /** The user that `request.user` is: Descope's, unless `user` is registered. Passport's types know it by this name. */
    interface User extends RegisteredUser {}

    interface Request {
      /** Who is signed in; `undefined` where nobody is. */
      user?: User | undefined;
    }
  }
}

export {};
