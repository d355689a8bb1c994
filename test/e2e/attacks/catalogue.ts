// Every attack, by the class of the bar that it is against.
import { accessAttacks } from './access.attacks.js';
import { keyAttacks } from './keys.attacks.js';
import { ownAttacks } from './ourselves.attacks.js';
import { proofAttacks } from './proofs.attacks.js';
import { sessionAttacks } from './sessions.attacks.js';
import { sourceAttacks } from './sources.attacks.js';
import type { Attack, AttackClass } from './stage/attack.js';
import { tokenAttacks } from './tokens.attacks.js';

export const CATALOGUE: Readonly<Record<AttackClass, readonly Attack[]>> = {
  tokens: tokenAttacks,
  sources: sourceAttacks,
  access: accessAttacks,
  keys: keyAttacks,
  sessions: sessionAttacks,
  ourselves: ownAttacks,
  proofs: proofAttacks,
};
