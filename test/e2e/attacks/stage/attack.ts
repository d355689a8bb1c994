// What an attack is: a request with a twist, the rejection that it must meet, and the same request without the twist.
import type { Emulator } from 'nestjs-descope/emulator';
import type { Ask } from './exchange.js';
import type { Stage } from './stage.js';

/** The classes of the bar for security, and bound tokens, each in a file of its own. */
export const CLASSES = ['tokens', 'sources', 'access', 'keys', 'sessions', 'ourselves', 'proofs'] as const;
export type AttackClass = (typeof CLASSES)[number];

type Make = (stage: Stage) => Ask;

export interface Attack {
  readonly name: string;
  readonly attack: Make;
  /** A request that goes before it, and succeeds. */
  readonly first?: Make;
  /** The same without the twist: it must succeed, or the attack proves nothing. */
  readonly control: Make;
  /** The statuses that reject it; 200 where a page is shown that must not heed it. */
  readonly status: readonly number[];
  /** The code of the rejection, where it is this package's. */
  readonly code?: string | undefined;
  /** Text that the answer must not hold, beside tokens, stacks and hosts. */
  readonly without?: readonly string[];
  /** Whether cookies may be expired by the answer; set they are by none. */
  readonly mayClear?: boolean;
  /** Whether its trial mostly waits, and meets no other: it goes on beside them. */
  readonly waits?: boolean;
  /** Makes Descope misbehave before an application of the attack's own starts. */
  readonly prepare?: (emulator: Emulator) => unknown;
}

export const bearer = (token: string): string => `Authorization: Bearer ${token}`;
export const cookie = (token: string): string => `Cookie: DS=${token}`;
export const JSON_TYPE = 'Content-Type: application/json';

/** A token that must be rejected as a bearer credential, and as a cookie. */
export function forged(name: string, code: string, forge: (stage: Stage) => string): Attack[] {
  const control: Make = ({ ada }) => ({ path: '/me', lines: [bearer(ada.session)] });
  const asBearer: Attack = {
    name: `${name}, as bearer`,
    attack: (stage) => ({ path: '/me', lines: [bearer(forge(stage))] }),
    control,
    status: [401],
    code,
  };
  const asCookie: Attack = {
    name: `${name}, as cookie`,
    attack: (stage) => ({ path: '/me', lines: [cookie(forge(stage))] }),
    control: ({ ada }) => ({ path: '/me', lines: [cookie(ada.session)] }),
    status: [401],
    code,
    mayClear: true,
  };
  return [asBearer, asCookie];
}
