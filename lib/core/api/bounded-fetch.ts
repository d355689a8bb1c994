// The one place that goes to the network: bounded in time and size, JSON or nothing.

/** What goes to the network; an application can bring its own. */
export type Fetch = typeof globalThis.fetch;

/** A request that may not take long. */
export interface BoundedRequest {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Milliseconds for headers and body together. */
  readonly timeoutMs: number;
  /** Bytes of the body, after decompression. */
  readonly maxBytes: number;
  readonly fetch: Fetch;
  readonly signal?: AbortSignal;
}

/** Gets a JSON document. Rejects on any status but 200, a redirect, a time-out, too many bytes and broken JSON. */
export async function fetchJson(request: BoundedRequest): Promise<unknown> {
  request.signal?.throwIfAborted();
  const abort = new AbortController();
  return withDeadline(request, abort, async () => {
    const response = await request.fetch(request.url, {
      headers: { accept: 'application/json', ...request.headers },
      redirect: 'manual',
      signal: abort.signal,
    });
    if (response.status !== 200) throw new Error(`Descope answered with status ${response.status}.`);
    return parse(await readText(response, request.maxBytes));
  });
}

// The race is for a `fetch` that does not heed its signal: no caller waits longer than it was told.
async function withDeadline<T>(
  request: BoundedRequest,
  abort: AbortController,
  run: () => Promise<T>,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  let stop: (() => void) | undefined;
  const ended = new Promise<never>((_, reject) => {
    stop = () => reject(new Error('The request was called off.'));
    request.signal?.addEventListener('abort', stop, { once: true });
    timer = setTimeout(
      () => reject(new Error(`Descope did not answer in ${request.timeoutMs} ms.`)),
      request.timeoutMs,
    );
  });
  try {
    return await Promise.race([run(), ended]);
  } finally {
    clearTimeout(timer);
    if (stop !== undefined) request.signal?.removeEventListener('abort', stop);
    abort.abort(); // also ends a body that nobody reads any more
  }
}

async function readText(response: Response, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > maxBytes) throw new Error(`Descope answered with more than ${maxBytes} bytes.`);
    chunks.push(chunk);
  }
  return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error('Descope answered with something that is not JSON.');
  }
}
