// Runs an operation on the project's authorization, and answers its mistakes as Descope's API does.
import { DescopeError } from '../errors.js';
import type { JsonObject } from '../http/message.js';
import { ok } from '../http/message.js';
import type { Handler } from '../http/router.js';
import type { Authorization } from './authorization.js';
import { FgaError } from './tokenizer.js';

/** An operation on the project's authorization. */
export type Act = (fga: Authorization, body: JsonObject) => unknown;

/** Makes a handler of an operation. */
export function withFga(act: Act): Handler {
  return (call, state) => {
    try {
      return ok(act(state.authorization, call.body) ?? {});
    } catch (cause) {
      if (cause instanceof FgaError) throw new DescopeError('invalidArguments', cause.message);
      throw cause;
    }
  };
}
