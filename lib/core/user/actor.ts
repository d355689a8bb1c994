// Who acts as the user of a token, by the claim of RFC 8693 or another one of the project's.
import type { DescopeClaims } from '../token/claims.js';
import { isJsonObject, isPortableId, readOwn, readText } from '../token/claims.js';

const MAX_PREVIOUS = 16; // a token may nest thousands

/**
 * Who acts as the user of a token.
 * @see https://www.rfc-editor.org/rfc/rfc8693#section-4.1
 */
export interface DescopeActor {
  /** The id of the actor. `undefined` if the claim has another form: somebody acts, and the token does not say who. */
  readonly id: string | undefined;
  /** The ids of those who acted before, the latest first: for records only, and never for decisions. */
  readonly previous: readonly string[];
}

/** Reads who acts; `undefined` only if the token lacks the claim, or has `null` there. */
export function readActor(claims: DescopeClaims, claim: string): DescopeActor | undefined {
  const act = readOwn(claims, claim);
  return act === undefined || act === null ? undefined : toActor(act);
}

function toActor(act: unknown): DescopeActor {
  const previous: string[] = [];
  let earlier = readEarlier(act);
  for (let depth = 0; earlier !== undefined && depth < MAX_PREVIOUS; depth += 1) {
    const id = readId(earlier);
    if (id !== undefined) previous.push(id);
    earlier = readEarlier(earlier);
  }
  return Object.freeze({ id: readId(act), previous: Object.freeze(previous) });
}

function readId(act: unknown): string | undefined {
  const id = isJsonObject(act) ? readText(act, 'sub') : act;
  return isPortableId(id) ? id : undefined; // or `carry()` would return what no job can run as
}

// RFC 8693 §4.1: the member is `act`, whatever claim of the token the first one stands in.
function readEarlier(act: unknown): unknown {
  return isJsonObject(act) ? (readOwn(act, 'act') ?? undefined) : undefined;
}
