// The options of every application that is measured.
import { PROJECT_ID } from './issuer.mjs';

/** Options with keys that come as they do in production: fetched, here from memory. */
export function toOptions({ algorithm, jwk }) {
  return {
    projectId: PROJECT_ID,
    algorithms: [algorithm],
    audience: null,
    requireKeysAtBoot: true,
    fetch: async () => Response.json({ keys: [jwk] }),
  };
}
