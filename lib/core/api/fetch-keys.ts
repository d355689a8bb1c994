// The project's public keys, asked of Descope.
import { RequestFailure } from '../reason.js';
import { isJsonObject, readOwn } from '../token/claims.js';
import { fetchJson } from './bounded-fetch.js';
import type { Fetch } from './bounded-fetch.js';

const MAX_KEY_SET_BYTES = 256 * 1024; // some six hundred keys: a project that never withdrew one of its daily keys still works

/** Where the keys are, and how long asking may take. */
export interface KeysRequest {
  readonly baseUrl: string;
  readonly projectId: string;
  readonly timeoutMs: number;
  readonly fetch: Fetch;
}

/** Fetches the members of the project's JWK set (`GET /v2/keys/:projectId`). Rejects when they cannot be had. */
export async function fetchKeys(request: KeysRequest, signal: AbortSignal): Promise<readonly unknown[]> {
  const { baseUrl, projectId, timeoutMs, fetch } = request;
  const url = `${baseUrl}/v2/keys/${projectId}`;
  const answer = await fetchJson({
    url,
    headers: { authorization: `Bearer ${projectId}`, 'x-descope-project-id': projectId },
    timeoutMs,
    maxBytes: MAX_KEY_SET_BYTES,
    fetch,
    signal,
  });
  const keys = isJsonObject(answer) ? readOwn(answer, 'keys') : undefined;
  if (!Array.isArray(keys)) {
    const cause = new Error('Descope answered without a list of keys.');
    throw new RequestFailure({ url, status: 200, cause });
  }
  return keys;
}
