// Which `fetch` an application may bring: what the compiler says of Node's, of undici's, and of functions of its own.
import { describe, expect, it } from '@jest/globals';
import { listFlaws } from '../support/compiled-program.js';

// A line that ends in `// no` must not compile.
const PROGRAM = `
import { fetch as undiciFetch } from 'undici';
import { DescopeM2mClient, DescopeModule } from 'nestjs-descope';
import type { FetchLike } from 'nestjs-descope';

DescopeModule.forRoot({ fetch });
DescopeModule.forRoot({ fetch: globalThis.fetch });
DescopeModule.forRoot({ fetch: undiciFetch });
DescopeModule.forRoot({ fetch: async (url, init) => fetch(url, { ...init, keepalive: true }) });
DescopeModule.forRoot({ fetch: (url, init) => undiciFetch(url, init) });
DescopeModule.forRoot({ fetch: async () => Response.json({ keys: [] }) });
DescopeModule.forRoot({ fetch: (url: string, init: RequestInit): Promise<Response> => fetch(url, init) });
DescopeModule.forRootAsync({ useFactory: () => ({ fetch: undiciFetch }) });
const typed: typeof fetch = (input, init) => fetch(input, init);
DescopeModule.forRoot({ fetch: typed });
export const own: FetchLike = undiciFetch;

export function call(m2m: DescopeM2mClient, accessKey: string): typeof fetch {
  const origins = ['https://orders.internal'];
  m2m.createFetch({ accessKey }, { origins, fetch });
  m2m.createFetch({ accessKey }, { origins, fetch: (url) => url }); // no
  return m2m.createFetch({ accessKey }, { origins, fetch: undiciFetch });
}

DescopeModule.forRoot({ fetch: 'fetch' }); // no
DescopeModule.forRoot({ fetch: () => 200 }); // no
DescopeModule.forRoot({ fetch: async () => ({ status: 200 }) }); // no
DescopeModule.forRoot({ fetch: async (url: number) => Response.json(url) }); // no
DescopeModule.forRoot({ fetch: async (url) => Response.json(url.href) }); // no
`;
const REFUSED = [...PROGRAM.split('\n').entries()].flatMap(([line, text]) =>
  text.endsWith('// no') ? [line + 1] : [],
);

describe('A fetch of the application', () => {
  it.each([
    ['of Node alone', ['es2023']],
    ['of browsers, too', ['es2023', 'dom', 'dom.iterable']],
  ])('compiles with the types %s where it can be called like a fetch, and nowhere else', (_types, lib) => {
    expect(REFUSED.length).toBe(6);
    const flaws = listFlaws(PROGRAM, lib);
    expect(flaws.map(({ line, text }) => (REFUSED.includes(line) ? line : text))).toEqual(REFUSED);
  });
});
