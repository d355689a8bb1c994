// Passwords as the project's settings want them: chosen, checked, expired, and locked after too many wrong ones.
import { DescopeError } from '../errors.js';
import type { ProjectState } from '../project-state.js';
import type { PasswordSettings } from '../store/password-policy.js';
import { assertAllowed } from '../store/password-policy.js';
import type { PasswordCheck } from '../store/passwords.js';
import { toPasswordCheck } from '../store/passwords.js';
import type { UserRecord } from '../store/project.js';

/** Whose password it is: a user who is known, one who signs up, and the tenant that they sign in to. */
interface Owner {
  readonly user?: UserRecord | undefined;
  readonly tenantId?: string | undefined;
}

/** Creates the check of a password that somebody chooses; rejects one that the settings do not allow. */
export function choosePassword(state: ProjectState, owner: Owner, password: string): PasswordCheck {
  const settings = settingsOf(state, owner);
  assertAllowed(settings, password);
  if (owner.user && settings.reuse) {
    const isReused = state.passwords.isReused(owner.user.userId, password, settings.reuseAmount);
    if (isReused) throw new DescopeError('invalidArguments', 'The password was used before');
  }
  return toPasswordCheck(password);
}

/** Rejects sign-ins and sign-ups with passwords where the settings have them off. */
export function assertPasswordsEnabled(state: ProjectState, owner: Owner): void {
  if (settingsOf(state, owner).enabled) return;
  throw new DescopeError('invalidArguments', 'Signing in with passwords is disabled');
}

// The same response for an unknown user and a wrong password, or it would reveal who has an account.
/** Returns the user if the password is right; wrong ones count, and too many disable the user. */
export function requirePassword(
  state: ProjectState,
  user: UserRecord | undefined,
  password: string,
): UserRecord {
  if (user?.password?.(password)) {
    state.passwords.noteSuccess(user.userId);
    return user;
  }
  if (user) noteWrongPassword(state, user);
  throw new DescopeError('wrongPassword', 'The login id or the password is wrong');
}

/** Rejects a password that was expired by management, or by its age. */
export function assertCurrentPassword(
  state: ProjectState,
  owner: Owner & { readonly user: UserRecord },
): void {
  const { user } = owner;
  if (!user.passwordExpired && !state.passwords.isExpired(user.userId, settingsOf(state, owner))) return;
  throw new DescopeError('passwordExpired', 'The password must be replaced');
}

// Descope's documentation of audit events: LoginExceedMaxAttempts disables the user.
function noteWrongPassword(state: ProjectState, user: UserRecord): void {
  const { lock, lockAttempts } = settingsOf(state, { user });
  const failures = state.passwords.noteFailure(user.userId);
  if (!lock || failures < lockAttempts || user.status === 'disabled') return;
  state.project.users.save({ ...user, status: 'disabled' });
  state.audit.note({
    action: 'LoginExceedMaxAttempts',
    type: 'warn',
    userId: user.userId,
    loginIds: user.loginIds,
    tenantIds: user.tenants.map(({ tenantId }) => tenantId),
  });
}

// Those of the tenant that is signed in to, or of the user's only one; others would leave open which count.
function settingsOf(state: ProjectState, { user, tenantId }: Owner): PasswordSettings {
  const only = user?.tenants.length === 1 ? user.tenants[0]?.tenantId : undefined;
  return state.passwords.settingsOf(tenantId ?? only);
}
