// Asks an emulator that runs in another process: for a session token of a user, and for the variables of an application.
import { EmulatorError } from '../errors.js';
import { DEFAULT_MANAGEMENT_KEY } from '../options.js';
import { DEFAULT_PORT } from './command-arguments.js';

const TIMEOUT_MS = 5_000;

// Whatever answers on a port may call itself an emulator, so what it says is neither printed nor sent on in another form.
const PROJECT_ID = /^P(?:[a-zA-Z0-9]{27}|[a-zA-Z0-9]{31})$/;
const TOKEN = /^[\w-]+(?:\.[\w-]+){2}$/; // RFC 7515 §3.1

/** Signs a user in at a running emulator, and returns the session token. Throws `EMULATOR_NOT_FOUND` or `EMULATOR_USER_UNKNOWN`. */
export async function requestToken(loginId: string, url: string | undefined): Promise<string> {
  const { baseUrl, projectId } = await findEmulator(url);
  const response = await request(`${baseUrl}/v1/mgmt/auth/signin`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${projectId}:${DEFAULT_MANAGEMENT_KEY}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({ loginId }),
  });
  const token = response.json['sessionJwt'];
  if (response.status === 200 && typeof token === 'string' && TOKEN.test(token)) return token;
  if (response.json['errorCode'] === 'E112102')
    throw new EmulatorError(
      'EMULATOR_USER_UNKNOWN',
      `The emulator at ${baseUrl} has no user ${JSON.stringify(loginId)}. Add it to the file of --seed, or sign it up.`,
    );
  const { errorMessage: reason } = response.json;
  const why = typeof reason === 'string' ? toPlain(reason) : 'its answer holds no session token';
  throw notFound(baseUrl, `does not sign the user in (status ${response.status}: ${why})`);
}

/** Returns the variables of an application that uses a running emulator, as lines for a shell. Throws `EMULATOR_NOT_FOUND`. */
export async function requestVariables(url: string | undefined): Promise<string> {
  const { baseUrl, projectId } = await findEmulator(url);
  const variables = {
    DESCOPE_BASE_URI: baseUrl,
    DESCOPE_PROJECT_ID: projectId,
    DESCOPE_MANAGEMENT_KEY: DEFAULT_MANAGEMENT_KEY,
    ...(isOfThisMachine(baseUrl) ? {} : { DESCOPE_ALLOW_INSECURE_BASE_URI: 'true' }),
  };
  const lines = Object.entries(variables).map(([name, value]) => `export ${name}=${toShellWord(value)}\n`);
  return lines.join('');
}

/** Writes a text as one word of a POSIX shell. */
export function toShellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

interface FoundEmulator {
  readonly baseUrl: string;
  readonly projectId: string;
}

// Before anything is sent to it: what answers must be an emulator, as a variable may name Descope itself.
async function findEmulator(given: string | undefined): Promise<FoundEmulator> {
  const baseUrl = (given ?? readVariable() ?? `http://127.0.0.1:${DEFAULT_PORT}`).replace(/\/+$/, '');
  assertWithoutCredentials(baseUrl);
  const { status, json } = await request(`${baseUrl}/health`);
  const projectId = json['projectId'];
  const isEmulator = status === 200 && json['emulator'] === true;
  if (isEmulator && typeof projectId === 'string' && PROJECT_ID.test(projectId))
    return { baseUrl, projectId };
  throw notFound(baseUrl, 'is not an emulator of nestjs-descope');
}

// The error of `fetch` would quote them.
function assertWithoutCredentials(url: string): void {
  const { username, password } = new URL(url);
  if (username === '' && password === '') return;
  const message =
    'The URL of the emulator (--url, or DESCOPE_BASE_URI) must have no user name and no password';
  throw new EmulatorError('EMULATOR_OPTIONS_INVALID', message);
}

/** Shortens a text of others, and replaces the characters that control a terminal. */
export function toPlain(text: string): string {
  return text.slice(0, 500).replace(/[\p{Control}\p{Format}]/gu, '\uFFFD');
}

function readVariable(): string | undefined {
  const text = process.env.DESCOPE_BASE_URI?.trim();
  return text === undefined || !URL.canParse(text) ? undefined : text;
}

interface Answer {
  readonly status: number;
  readonly json: Readonly<Record<string, unknown>>;
}

async function request(url: string, init: RequestInit = {}): Promise<Answer> {
  const { origin } = new URL(url);
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const response = await fetch(url, { ...init, redirect: 'manual', signal });
    return { status: response.status, json: toObject(await response.text()) };
  } catch (cause) {
    throw notFound(origin, `does not answer (${toReason(cause)})`, cause);
  }
}

function toObject(text: string): Answer['json'] {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Answer['json']) : {};
  } catch {
    return {};
  }
}

function notFound(where: string, what: string, cause?: unknown): EmulatorError {
  const message = `${where} ${what}. Start one with "nestjs-descope emulator", or name it with --url.`;
  return new EmulatorError('EMULATOR_NOT_FOUND', message, { cause });
}

// Node's `fetch` says no more than that it failed; the cause says why.
function toReason(error: unknown): string {
  const { message, cause } = error as Error;
  const inner = (cause ?? {}) as Partial<NodeJS.ErrnoException>;
  return inner.code ?? inner.message ?? message;
}

function isOfThisMachine(url: string): boolean {
  return /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(new URL(url).hostname);
}
