// With what an operation can be refused, and why.
import type { DescopeConfig } from '../../core/config/config.js';
import { toDemandText } from '../map/demand-view.js';
import type { OperationAccess } from './operation-access.js';

/** The body of every refusal, as a schema. */
export const ERROR_SCHEMA = {
  type: 'object',
  properties: {
    statusCode: { type: 'integer' },
    error: { type: 'string' },
    message: { type: 'string' },
    code: { type: 'string', description: 'The cause: `SESSION_MISSING`, `ACCESS_ROLE_MISSING`, …' },
  },
  required: ['statusCode', 'error', 'message', 'code'],
};

// Demands that are answered in this process; any other may ask Descope.
const OF_THE_PROCESS = ['roles', 'permissions', 'scopes', 'tenant', 'staff', 'superuser', 'policy'];
// Demands that a stronger or another token meets: 401 and not 403.
const OF_THE_CREDENTIAL = ['accepts', 'audience', 'step-up', 'mfa', 'amr'];
const SAFE_METHODS = ['get', 'head', 'options', 'trace']; // RFC 9110 §9.2.1

/** Lists the refusals that can happen, by status. */
export function toRefusals(
  { access, demands }: OperationAccess,
  method: string,
  config: DescopeConfig,
): Readonly<Record<number, string>> {
  if (access === 'public') return {};
  const ofAccess = demands.filter(({ kind }) => !OF_THE_CREDENTIAL.includes(kind));
  const isForbiddable = ofAccess.length > 0 || canRefuseAnybody(config, method);
  const asked = ofAccess.map(toDemandText).join('; ');
  const what =
    access === 'optional' ? 'The session that was sent is not valid.' : 'No session, or it is not valid.';
  return {
    401: what,
    ...(isForbiddable
      ? { 403: asked === '' ? 'This is not allowed.' : `This is not allowed. Demanded: ${asked}.` }
      : {}),
    ...(canBeOut(
      config,
      ofAccess.some(({ kind }) => !OF_THE_PROCESS.includes(kind)),
    )
      ? { 503: 'The session cannot be checked at present.' }
      : {}),
  };
}

// Whom the application's options refuse, whatever the route asks.
function canRefuseAnybody(config: DescopeConfig, method: string): boolean {
  const { usernameClaim, claimsSchema, sources } = config.authentication;
  const hasCrossSite = sources.some((source) => source !== 'bearer') && !SAFE_METHODS.includes(method);
  return (
    usernameClaim !== 'sub' || claimsSchema !== undefined || config.loadUser !== undefined || hasCrossSite
  );
}

// With fixed keys and sessions in cookies nothing is asked over the network.
function canBeOut({ keys, session }: DescopeConfig, isAsking: boolean): boolean {
  return keys === undefined || session.signOutStore !== undefined || session.store !== 'cookies' || isAsking;
}
