// One-time codes and links: sent to the outbox, and taken back to finish a sign-in or an update.
import { noteLoginStarted } from '../audit/sign-in-events.js';
import { DescopeError } from '../errors.js';
import { readObject, readString, requireString } from '../http/fields.js';
import type { Call, RouteResponse } from '../http/message.js';
import { assertRedirectUrl } from '../http/redirect-uris.js';
import { createUser, readProfile } from '../management/user-body.js';
import type { ProjectState } from '../project-state.js';
import type { PendingSignIn } from '../store/pending.js';
import type { UserRecord } from '../store/project.js';
import { NO_LOGIN_OPTIONS } from '../store/sign-ins.js';
import { respondWithSignIn } from './jwt-response.js';
import { readLoginOptions, requireEnabledUser, requireSignIn } from './start-sign-in.js';

/** The fields about the content of a message and its provider, which have no effect here. */
export const MESSAGE_FIELDS = 'templateId templateOptions providerId locale';

/** Whether the user must exist, must not exist, or either. */
export type Approach = 'signin' | 'signup' | 'signup-in';

const METHODS = new Map([
  ['email', 'email'],
  ['sms', 'phone'],
  ['voice', 'phone'],
  ['whatsapp', 'phone'],
  ['im', 'phone'],
] as const);

/** Checks a request for a code or a link; nothing is sent yet. */
export async function toPending(call: Call, state: ProjectState, approach: Approach): Promise<PendingSignIn> {
  const loginId = requireString(call.body, 'loginId');
  const deliveryMethod = requireMethod(call);
  const user = state.project.users.find(loginId);
  // Test users are created by management, so they may sign up although they exist.
  if (approach === 'signup' && user && !user.test) {
    throw new DescopeError('userExists', 'User already exists');
  }
  if (approach === 'signin' && !user) throw new DescopeError('noSuchUser', 'User not found');
  const options = await readLoginOptions(call, state);
  noteLoginStarted(state, loginId);
  return {
    loginId,
    deliveryMethod,
    options,
    newUser: user ? undefined : toNewUser(call, state, loginId),
    changes: toConfirmed(deliveryMethod),
    expiresMs: state.clock.now() + state.settings.codeSeconds * 1000,
  };
}

/** Sends a code; returns the masked address. */
export function sendCode(state: ProjectState, pending: PendingSignIn): Readonly<Record<string, string>> {
  const code = state.pending.issueCode(pending);
  state.outbox.add({ ...toMessage(state, pending), code });
  return toMasked(pending);
}

/** Sends a magic link; returns the masked address. */
export function sendLink(
  state: ProjectState,
  pending: PendingSignIn,
  call: Pick<Call, 'body'>,
): Readonly<Record<string, string>> {
  const page = readPage(call, state);
  const token = state.pending.issueLink(pending);
  state.outbox.add({ ...toMessage(state, pending), link: toLink(page, token), token });
  return toMasked(pending);
}

/** Sends an enchanted link; returns the reference that the waiting browser signs in with. */
export function sendEnchantedLink(
  state: ProjectState,
  pending: PendingSignIn,
  call: Pick<Call, 'body'>,
): Readonly<Record<string, string>> {
  const page = readPage(call, state);
  const { token, pendingRef, linkId } = state.enchantedLinks.issue(pending);
  state.outbox.add({ ...toMessage(state, pending), link: toLink(page, token), token, linkId });
  return { linkId, pendingRef, ...toMasked(pending) };
}

/** Reads the page that a link opens, in an approved domain; without one, a URL of the emulator that has no page. */
export function readPage({ body }: Pick<Call, 'body'>, state: ProjectState): string {
  const page = readString(body, 'URI') ?? readString(body, 'redirectUrl');
  const { approvedDomains } = state.federation;
  if (page !== undefined && approvedDomains.length > 0) assertRedirectUrl(approvedDomains, page);
  return page ?? `${state.url}/verify`;
}

/** The page of a link, with the token in its query. */
export function toLink(page: string, token: string): string {
  return `${page}${page.includes('?') ? '&' : '?'}t=${token}`;
}

/** Finishes a pending sign-in: creates or changes the user, and responds with tokens. */
export async function finishSignIn(state: ProjectState, pending: PendingSignIn): Promise<RouteResponse> {
  const earlier = state.project.users.find(pending.loginId);
  const user = earlier ?? pending.newUser;
  if (!user) throw new DescopeError('noSuchUser', 'User not found');
  const saved = state.project.users.save({ ...user, ...pending.changes });
  return respondWithSignIn(state, {
    user: saved,
    amr: [pending.deliveryMethod],
    options: pending.options,
  });
}

/** Finds the user of the refresh token, which must belong to the body's `loginId`. */
export async function requireOwnSignIn(call: Call, state: ProjectState): Promise<UserRecord> {
  const { userId } = await requireSignIn(call, state);
  const user = requireEnabledUser(state, userId);
  if (user.loginIds.includes(requireString(call.body, 'loginId'))) return user;
  throw new DescopeError('invalidToken', 'The refresh token belongs to another user');
}

/** Creates the pending change of an address, which a code confirms. */
export function toAddressChange(call: Call, state: ProjectState): PendingSignIn {
  const method = call.params.has('method') ? requireMethod(call) : 'email';
  const address =
    method === 'email'
      ? { email: requireString(call.body, 'email') }
      : { phone: requireString(call.body, 'phone') };
  return {
    loginId: requireString(call.body, 'loginId'),
    deliveryMethod: method,
    options: NO_LOGIN_OPTIONS,
    changes: { ...address, ...toConfirmed(method) },
    expiresMs: state.clock.now() + state.settings.codeSeconds * 1000,
  };
}

/** Reads the delivery method from the path; rejects an unknown one. */
export function requireMethod(call: Call): string {
  const method = call.params.get('method') ?? '';
  if ([...METHODS.keys()].some((known) => known === method)) return method;
  throw new DescopeError('invalidArguments', `There is no delivery method ${method}`);
}

/** The change that a verified code confirms: the address is the user's. */
export function toConfirmed(deliveryMethod: string): Partial<UserRecord> {
  return deliveryMethod === 'email' ? { verifiedEmail: true } : { verifiedPhone: true };
}

function toNewUser(call: Call, state: ProjectState, loginId: string): UserRecord {
  const address = requireMethod(call) === 'email' ? { email: loginId } : { phone: loginId };
  const profile = readProfile(readObject(call.body, 'user') ?? {});
  return { ...createUser(loginId, state.clock.nowSeconds()), ...address, ...profile };
}

function toMessage(state: ProjectState, { loginId, deliveryMethod }: PendingSignIn) {
  return { loginId, deliveryMethod, atMs: state.clock.now() };
}

function toMasked({ loginId, deliveryMethod }: PendingSignIn): Readonly<Record<string, string>> {
  if (deliveryMethod !== 'email') return { maskedPhone: `*******${loginId.slice(-3)}` };
  const [name = '', domain = ''] = loginId.split('@', 2);
  return { maskedEmail: `${name.slice(0, 1)}****@${domain.slice(0, 1)}****` };
}
