// What specs import from '@jest/globals'. The names are bound anew for each spec, also in helpers that are loaded once.
export let describe, it, test, expect, beforeAll, beforeEach, afterAll, afterEach, jest;

/** Binds them to the spec that is loaded next. */
export function bindGlobals(globals) {
  ({ describe, it, test, expect, beforeAll, beforeEach, afterAll, afterEach, jest } = globals);
}
