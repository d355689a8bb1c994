// Signing in with an authenticator app: sign-up, a further app for a user, and the code.
import { noteLoginFailed } from '../audit/sign-in-events.js';
import { DescopeError } from '../errors.js';
import { below, readObject, requireString } from '../http/fields.js';
import type { RouteResponse } from '../http/message.js';
import { ok } from '../http/message.js';
import type { Handler } from '../http/router.js';
import { routesFor, takes } from '../http/router.js';
import { createUser, PROFILE_FIELDS, readProfile, requireUser } from '../management/user-body.js';
import type { ProjectState } from '../project-state.js';
import { respondWithSignIn } from '../sign-in/jwt-response.js';
import { requireOwnSignIn } from '../sign-in/one-time-codes.js';
import { readLoginOptions } from '../sign-in/start-sign-in.js';
import type { UserRecord } from '../store/project.js';
import { toQrImage } from './qr-image.js';
import { createTotpKey, toBase32 } from './totp.js';
import type { PendingKey } from './totp-keys.js';

// Descope's page on TOTP: the user is registered once the sign-up is complete, with the first code.
const signUp: Handler = (call, state) => {
  const loginId = requireString(call.body, 'loginId');
  const known = state.project.users.find(loginId);
  if (known && !known.test) throw new DescopeError('userExists', 'User already exists');
  const address = loginId.includes('@') ? { email: loginId } : {};
  const profile = readProfile(readObject(call.body, 'user') ?? {});
  const newUser = { ...createUser(loginId, state.clock.nowSeconds()), ...address, ...profile };
  return offerKey(state, loginId, known ? { userId: known.userId } : { newUser });
};

// An app that the user already has goes on working until the new one has shown a code.
const update: Handler = async (call, state) => {
  const { userId } = await requireOwnSignIn(call, state);
  return offerKey(state, requireString(call.body, 'loginId'), { userId });
};

const verify: Handler = async (call, state) => {
  const loginId = requireString(call.body, 'loginId');
  const code = requireString(call.body, 'code');
  const options = await readLoginOptions(call, state);
  try {
    const user = takeCode(state, loginId, code);
    return await respondWithSignIn(state, { user, amr: ['totp'], options });
  } catch (cause) {
    noteLoginFailed(state, loginId, cause);
    throw cause;
  }
};

/** The routes of authenticator apps. */
export const totpRoutes = routesFor('project', {
  'POST /v1/auth/totp/signup': takes(`loginId ${below('user', `loginId ${PROFILE_FIELDS}`)}`, signUp),
  'POST /v1/auth/totp/update': takes('loginId', update),
  'POST /v1/auth/totp/verify': takes(
    `loginId code ${below('loginOptions', 'customClaims tenantId stepup mfa revokeOtherSessions')}`,
    verify,
  ),
});

const remove: Handler = (call, state) => {
  state.project.totp.remove(requireUser(call.body, state).userId);
  return ok();
};

/** The route by which management removes the authenticator app of a user. */
export const manageTotpRoutes = routesFor('management', {
  'POST /v1/mgmt/user/totp/delete': takes('loginId', remove),
});

const ISSUER = 'Descope emulator';

type KeyOwner = Omit<PendingKey<UserRecord>, 'key'>;

// The key for typing it, the URL for apps, and the URL as a QR code.
function offerKey(state: ProjectState, loginId: string, owner: KeyOwner): RouteResponse {
  const key = createTotpKey();
  const secret = toBase32(key);
  const label = `${encodeURIComponent(ISSUER)}:${encodeURIComponent(loginId)}`;
  const issuer = encodeURIComponent(ISSUER);
  const provisioningURL = `otpauth://totp/${label}?secret=${secret}&issuer=${issuer}&algorithm=SHA1&digits=6&period=30`;
  const image = toQrImage(provisioningURL);
  state.project.totp.addPending(loginId, { key, ...owner });
  return ok({ provisioningURL, image: image.toString('base64'), key: secret });
}

function takeCode(state: ProjectState, loginId: string, code: string): UserRecord {
  const { users, totp } = state.project;
  const seconds = state.clock.nowSeconds();
  const known = users.find(loginId);
  if (known && totp.accept(known.userId, code, seconds)) return known;
  const confirmed = totp.confirm(loginId, code, seconds);
  // A user who has got the login id since then is somebody else.
  const isOwner = known?.userId === confirmed?.userId;
  const user = isOwner ? (known ?? (confirmed?.newUser && users.save(confirmed.newUser))) : undefined;
  if (!confirmed || !user) throw new DescopeError('wrongCode', 'The code is wrong or was used before');
  totp.set(user.userId, confirmed.key, confirmed.step);
  return user;
}
