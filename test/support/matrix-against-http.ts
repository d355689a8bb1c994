// Compares an access matrix with what the application really answers, route by route and caller by caller.
import type { AccessMatrix, AccessMatrixRow, AccessVerdict } from 'nestjs-descope/inspect';
import { ask } from './application.js';

/** The bearer credentials of the personas; an empty string for none. */
export type Bearers = Readonly<Record<string, string>>;

/** How the verdicts of HTTP routes compare with the answers. */
export interface Comparison {
  readonly wrong: readonly string[];
  readonly counts: Readonly<Record<'allowed' | 'rejected' | 'depends', number>>;
}

const OUR_CODES = /^(?:ACCESS|AUTH|CREDENTIAL|SESSION|TOKEN|USERNAME|REQUEST|CLAIMS|USER)_/;

/** Sends one request for each verdict about an HTTP route; a parameter has the value that `values` names, or `one`. */
export async function compareWithHttp(
  matrix: AccessMatrix,
  { url, bearers, values = {} }: { url: string; bearers: Bearers; values?: Readonly<Record<string, string>> },
): Promise<Comparison> {
  const counts = { allowed: 0, rejected: 0, depends: 0 };
  const wrong: string[] = [];
  for (const row of matrix.rows.filter(({ kind }) => kind === 'http')) {
    const judge = async ([name, { outcome, rejections }]: [string, AccessVerdict]) => {
      counts[outcome] += 1;
      if (outcome === 'depends') return;
      const answer = await send(row, { url, bearer: bearers[name] ?? '', values });
      const wanted =
        outcome === 'allowed' ? ['allowed'] : rejections.map((one) => `${one.status} ${one.code}`);
      if (!wanted.includes(answer))
        wrong.push(`${row.method} ${row.path} as ${name}: ${answer}, expected ${wanted.join(' or ')}`);
    };
    await Promise.all(Object.entries(row.verdicts).map(judge));
  }
  return { wrong, counts };
}

interface Sending {
  readonly url: string;
  readonly bearer: string;
  readonly values: Readonly<Record<string, string>>;
}

async function send({ method, path }: AccessMatrixRow, { url, bearer, values }: Sending): Promise<string> {
  const filled = path.replace(/[:*](\w+)/g, (_, name: string) => values[`param:${name}`] ?? 'one');
  const headers: Record<string, string> = bearer === '' ? {} : { authorization: `Bearer ${bearer}` };
  const verb = method === 'ALL' ? 'GET' : method;
  const { status, body } = await ask(url + filled, { method: verb, headers });
  const { code } = body as { readonly code?: unknown };
  return typeof code === 'string' && OUR_CODES.test(code) ? `${status} ${code}` : 'allowed';
}
