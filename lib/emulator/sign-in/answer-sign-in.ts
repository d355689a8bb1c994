// Signs a proven user in and answers with tokens.
import type { Answer } from '../http/answer.js';
import type { UserRecord } from '../store/users.js';
import type { World } from '../world.js';
import { toJwtAnswer } from './jwt-response.js';
import type { LoginOptions } from './login-options.js';
import { startSignIn } from './start-sign-in.js';

/** A sign-in that needs no more proof. */
export interface ProvenSignIn {
  readonly user: UserRecord;
  readonly amr: readonly string[];
  readonly options: LoginOptions;
}

/** Signs a user in and answers with tokens. */
export async function answerSignIn(world: World, proven: ProvenSignIn): Promise<Answer> {
  return toJwtAnswer(world, await startSignIn(world, proven));
}
