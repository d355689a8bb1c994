// The code or the link has come back: makes or changes the user, signs them in, answers with tokens.
import type { Answer } from '../http/answer.js';
import { DescopeError } from '../http/descope-error.js';
import { answerSignIn } from '../sign-in/answer-sign-in.js';
import type { World } from '../world.js';
import type { PendingSignIn } from './pending-sign-ins.js';

/** Finishes a pending sign-in. */
export async function finishSignIn(world: World, pending: PendingSignIn): Promise<Answer> {
  const earlier = world.project.users.find(pending.loginId);
  const user = earlier ?? pending.newUser;
  if (!user) throw new DescopeError('noSuchUser', 'User not found');
  const saved = world.project.users.save({ ...user, ...pending.changes });
  return answerSignIn(world, {
    user: saved,
    amr: [pending.deliveryMethod],
    options: pending.options,
  });
}
