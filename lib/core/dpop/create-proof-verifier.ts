// Config and services → the verifier of proofs; loaded only where bound tokens are accepted.
import { randomBytes } from 'node:crypto';
import type { Clock } from '../clock.js';
import type { KeyValueStore } from '../store/key-value-store.js';
import type { TokenVerifier } from '../token/token-verifier.js';
import { Nonces } from './nonces.js';
import type { ProofConfig } from './proof-verifier.js';
import { ProofVerifier } from './proof-verifier.js';
import type { ReplayStore } from './replays.js';
import { createReplays } from './replays.js';

const SECRET_BYTES = 32;

/** The config of proofs, and of what is remembered for them. */
export interface DpopConfig extends ProofConfig {
  /** Whether the proofs that were used are remembered in the shared store. */
  readonly isShared: boolean;
  /** Whether proofs must have a nonce. */
  readonly hasNonces: boolean;
  /** The secret of nonces, behind a function so that no log shows it; `undefined` for one of this process. */
  readonly readNonceSecret: () => string | undefined;
}

/** What proofs are verified with. */
export interface ProofServices {
  /** The verifier of tokens, of whatever kind. */
  readonly verifier: TokenVerifier;
  /** The store that instances share, if there is one. Its calls must end within a bounded time. */
  readonly store: KeyValueStore | undefined;
  readonly clock: Clock;
  readonly projectId: string;
}

/** Creates the verifier of proofs. */
export function createProofVerifier(
  config: DpopConfig,
  { verifier, store, clock, projectId }: ProofServices,
): ProofVerifier {
  const shared = config.isShared && isReplayStore(store) ? store : undefined;
  const secret = config.readNonceSecret() ?? randomBytes(SECRET_BYTES).toString('base64url');
  return new ProofVerifier({
    config,
    verifier: verifier.forBoundTokens(),
    replays: createReplays({ ...config, store: shared, projectId, clock }),
    nonces: config.hasNonces ? new Nonces(secret) : undefined,
    clock,
  });
}

function isReplayStore(store: KeyValueStore | undefined): store is ReplayStore {
  return store?.setIfAbsent !== undefined;
}
