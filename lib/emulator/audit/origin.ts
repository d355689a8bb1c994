// The origin of the events of a request: who calls, from where, and by which authentication method.
import type { Call } from '../http/message.js';
import { toSeededId } from '../store/records.js';
import type { AuditOrigin } from './audit-trail.js';

// Not the key itself, which is a secret.
const MANAGEMENT_ACTOR = toSeededId('K', 'management key');

/** Creates the origin of a request; a call of management has the management key as its actor. */
export function toOrigin(call: Omit<Call, 'params'>, isManagement: boolean): AuditOrigin {
  return {
    actorId: isManagement ? MANAGEMENT_ACTOR : '',
    remoteAddress: call.address,
    device: toDevice(call.userAgent),
    method: toMethod(call.path),
    isBatch: /\/(?:batch|test\/delete\/all)$/.test(call.path),
  };
}

/** The origin of what a test does without HTTP. */
export const DIRECT_ORIGIN: AuditOrigin = {
  actorId: '',
  remoteAddress: '127.0.0.1',
  device: 'Unknown',
  method: '',
  isBatch: false,
};

// Of Descope's `Bot`, `Mobile`, `Desktop`, `Tablet` and `Unknown`, those that a user agent tells plainly.
function toDevice(userAgent: string): string {
  if (/Mobile|Android|iPhone/.test(userAgent)) return 'Mobile';
  return userAgent.startsWith('Mozilla/') ? 'Desktop' : 'Unknown';
}

// A flow sets its method itself.
function toMethod(path: string): string {
  if (path === '/v1/mgmt/impersonate') return 'Impersonate';
  if (/^\/v1\/auth\/(?:saml|sso)\//.test(path)) return 'saml'; // go-sdk's `AuditSearchOptions` has no name for OIDC
  return /^\/v1\/auth\/(otp|magiclink|enchantedlink|password|oauth)\//.exec(path)?.[1] ?? '';
}
