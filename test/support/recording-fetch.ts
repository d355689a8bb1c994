// A `fetch` at the edge of the network: it keeps what was asked and gives a fixed answer.
import type { Fetch } from 'nestjs-descope';

export interface RecordedCall {
  readonly url: string;
  readonly method: string;
  readonly headers: Headers;
  readonly body: string;
  readonly signal: AbortSignal | null | undefined;
}

export interface RecordingFetch {
  readonly calls: RecordedCall[];
  readonly fetch: Fetch;
}

/** Makes a `fetch` that answers every call with this JSON. */
export function createRecordingFetch(answer: unknown = {}): RecordingFetch {
  const calls: RecordedCall[] = [];
  const fetch: Fetch = (input, init) => {
    const url = typeof input === 'string' ? input : input instanceof URL ? input.href : input.url;
    const { method = 'GET', headers, body, signal } = init ?? {};
    calls.push({
      url,
      method,
      headers: new Headers(headers),
      body: typeof body === 'string' ? body : '',
      signal,
    });
    return Promise.resolve(Response.json(answer));
  };
  return { calls, fetch };
}
