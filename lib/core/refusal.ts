// What is told of a refusal: an event each time, and a line in the log only where the set-up may be the cause.
import { readConsequence } from './errors.js';
import type { DescopeError, DescopeErrorDetails } from './errors.js';
import { publishRefused } from './events.js';
import { readProjectId } from './notice.js';
import type { Notify } from './notice.js';

const MAX_DETAIL_CHARACTERS = 200;

/** Tells of an error that refuses a request; of one that is not the road's, nothing. */
export function tellRefusal(error: unknown, notify: Notify): void {
  const consequence = readConsequence(error);
  if (consequence === undefined) return;
  const { code, details } = error as DescopeError;
  publishRefused(code, consequence, readProjectId(notify));
  if (code === 'TOKEN_DRN_MISSING') notify({ code, level: 'warn', message: NAMELESS });
  if (code !== 'TOKEN_AUDIENCE_MISMATCH') return;
  const message = `${AUDIENCE} Expected ${toDetailText(details, 'expected')}, found ${toDetailText(details, 'actual')}.`;
  notify({ code, level: 'warn', message });
}

const AUDIENCE =
  'A token of this project was refused, because it is meant for another audience. If all are, set audience (or DESCOPE_AUDIENCE) to what the project\'s JWT template writes as "aud". Further ones are not logged.';

const NAMELESS =
  'A token of this project was refused, because it has a URL for its issuer and no "drn", as an ID token of an application that uses the project as its identity provider has. If your users\' sessions look so, because a JWT template drops "drn", let it be kept, or set allowMissingDrn: true and an audience. Further ones are not logged.';

// As JSON, so that no name can start a line of its own.
function toDetailText(details: DescopeErrorDetails, name: string): string {
  return JSON.stringify(details[name] ?? []).slice(0, MAX_DETAIL_CHARACTERS);
}
