// The audit events of a sign-in: started, succeeded, failed.
import { DescopeError } from '../errors.js';
import type { ProjectState } from '../project-state.js';
import type { UserRecord } from '../store/project.js';

/** Notes that a user is asked for a code or a link. */
export function noteLoginStarted(state: ProjectState, loginId: string): void {
  noteAbout(state, loginId, { action: 'LoginStarted' });
}

/** Notes a sign-in; an impersonation has another actor than its user. */
export function noteLoginSucceeded(state: ProjectState, user: UserRecord, actorId?: string): void {
  state.audit.note({
    action: 'LoginSucceed',
    ...(actorId === undefined ? {} : { actorId }),
    userId: user.userId,
    loginIds: user.loginIds,
    tenantIds: user.tenants.map(({ tenantId }) => tenantId),
  });
}

/** Notes a failed sign-in; a request that is malformed, or a link that nobody has opened yet, is none. */
export function noteLoginFailed(state: ProjectState, loginId: string | undefined, cause: unknown): void {
  if (!(cause instanceof DescopeError) || cause.status !== 401 || cause.errorCode === LINK_PENDING) return;
  noteAbout(state, loginId, {
    action: 'LoginFailed',
    type: 'warn',
    data: { error_message: cause.message, error_code: cause.errorCode },
  });
}

const LINK_PENDING = 'E062503';

type SignInDraft = Parameters<ProjectState['audit']['note']>[0];

function noteAbout(state: ProjectState, loginId: string | undefined, draft: SignInDraft): void {
  const user = loginId === undefined ? undefined : state.project.users.find(loginId);
  state.audit.note({
    ...draft,
    loginIds: user?.loginIds ?? (loginId === undefined ? [] : [loginId]),
    ...(user && { userId: user.userId, tenantIds: user.tenants.map(({ tenantId }) => tenantId) }),
  });
}
