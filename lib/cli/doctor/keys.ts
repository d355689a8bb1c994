// Checks the way to Descope: whether the keys of the project can be fetched and used, and what time it is there.
import type { KeysRequest } from '../../core/api/descope-api.js';
import { readKeys, requestKeys } from '../../core/api/descope-api.js';
import type { BoundedResponse } from '../../core/api/http-client.js';
import type { DescopeConfig } from '../../core/config/config.js';
import { isLoopbackUrl } from '../../core/http/base-url.js';
import { RequestFailure, toHost, toReason } from '../../core/request-failure.js';
import type { KeysById } from '../../core/token/key-set.js';
import { toKeysById } from '../../core/token/key-set.js';
import type { Finding } from './finding.js';
import { ok, problem, skipped, toCount, warning } from './finding.js';

// The default of `nestjs-descope emulator`, which is not loaded for this.
const EMULATOR_PORT = 4400;

/** The keys that tokens are verified with; `undefined` where there are none. */
export interface CheckedKeys {
  readonly keys: KeysById | undefined;
  /** Whether Descope returned the keys of the project. Without them, no other call to Descope can succeed. */
  readonly areFetched: boolean;
  readonly findings: readonly Finding[];
}

/** Fetches the keys once, and judges them and the date of the response. */
export async function checkKeys(config: DescopeConfig): Promise<CheckedKeys> {
  const startedAtMs = config.clock();
  try {
    const answer = await requestKeys(toRequest(config));
    const clock = checkClock(answer, config, (startedAtMs + config.clock()) / 2);
    return judge(answer, config, clock);
  } catch (error) {
    const failure = toFailure(error, config, toConnectionAdvice(error, config.baseUrl));
    return { keys: config.keys, areFetched: false, findings: [failure, toNoDate()] };
  }
}

function toConnectionAdvice(error: unknown, baseUrl: string): string {
  const { port, protocol } = new URL(baseUrl);
  if (!isLoopbackUrl(baseUrl) || protocol !== 'http:' || !toReason(error).includes('ECONNREFUSED'))
    return 'Check the network, the proxy and the certificates on the way to this host, and baseUrl.';
  const command = `npx nestjs-descope emulator${port === String(EMULATOR_PORT) ? '' : ` --port ${port || 80}`}`;
  return `Nothing listens at ${baseUrl}. Start it: ${command}`;
}

function toRequest({ baseUrl, projectId, fetch, keyFetch }: DescopeConfig): KeysRequest {
  return { baseUrl, projectId, fetch, timeoutMs: keyFetch.timeoutMs };
}

function judge(answer: BoundedResponse, config: DescopeConfig, clock: Finding): CheckedKeys {
  try {
    const jwks = readKeys(toRequest(config), answer);
    const published = toKeysById(jwks);
    const keys = config.keys ?? published;
    const size = { usable: published.size, all: jwks.length };
    const findings = [judgeKeys(published, size, config), ...judgeAge(answer, config), clock];
    return { keys, areFetched: true, findings };
  } catch (error) {
    if (!(error instanceof RequestFailure)) throw error;
    const advice =
      'The host answers, but not with the keys of this project. Check the project id (DESCOPE_PROJECT_ID) and its region.';
    return { keys: config.keys, areFetched: false, findings: [toFailure(error, config, advice), clock] };
  }
}

function judgeKeys(
  published: KeysById,
  { usable, all }: { readonly usable: number; readonly all: number },
  config: DescopeConfig,
): Finding {
  const { keys: fixed, verification } = config;
  const where = `at ${toHost(config.baseUrl)}`;
  const unknown = [...(fixed?.keys() ?? [])].filter((id) => !published.has(id));
  const named = [...published.values()].map(({ algorithm }) => algorithm);
  const fits = named.some((one) => one === undefined || verification.algorithms.includes(one));
  if (fixed !== undefined && unknown.length > 0)
    return problem('keys', `A fixed key (publicKey or keys) is not published ${where}.`, {
      advice:
        'Descope has rotated it: new tokens are rejected. Remove the option, so that the keys are fetched.',
      code: 'TOKEN_KEY_UNKNOWN',
    });
  if (usable === 0)
    return problem('keys', `${toCount(all, 'key')} ${where}, and none can verify tokens.`, {
      advice: "Set baseUrl (DESCOPE_BASE_URI) to Descope's API, or to an emulator.",
    });
  if (!fits) {
    const found = [...new Set(named)];
    const allowed = verification.algorithms.join(', ');
    return problem(
      'keys',
      `The keys ${where} are for ${found.join(', ')}, and the option algorithms allows ${allowed}.`,
      {
        advice: `Set algorithms to [${found.map((one) => `'${one}'`).join(', ')}].`,
        code: 'TOKEN_ALGORITHM_NOT_ALLOWED',
      },
    );
  }
  return ok('keys', `${usable} usable of ${toCount(all, 'key')}, fetched from ${toHost(config.baseUrl)}.`);
}

// Keys bear no date. What a cache on the way serves is as old as it says (RFC 9111 §5.1).
function judgeAge({ headers }: BoundedResponse, { keyFetch }: DescopeConfig): Finding[] {
  const seconds = readAge(headers);
  if (seconds === 0) return [];
  const message = `A cache on the way served keys that are ${seconds} s old.`;
  if (1000 * seconds <= keyFetch.maxAgeMs) return [ok('keys', message)];
  const advice = 'Let the cache forward requests for /v2/keys, or a withdrawn key stays in use.';
  return [warning('keys', message, { advice })];
}

function readAge(headers: Headers): number {
  const text = headers.get('age') ?? '';
  return /^\d{1,9}$/.test(text) ? Number(text) : 0;
}

function toFailure(error: unknown, { keys }: DescopeConfig, advice: string): Finding {
  const message = `The keys cannot be fetched (${toReason(error)}).`;
  if (keys === undefined) return problem('keys', message, { advice, code: 'KEYS_UNAVAILABLE' });
  return warning('keys', `${message} Tokens are verified with the fixed keys.`, { advice });
}

// The clock of this machine against the Date of the response (RFC 9110 §6.6.1), which has whole seconds.

const HALF_SECOND_MS = 500;
const UNNOTICED_SECONDS = 2;

function checkClock({ headers }: BoundedResponse, config: DescopeConfig, nowMs: number): Finding {
  const dateMs = Date.parse(headers.get('date') ?? '');
  if (Number.isNaN(dateMs)) return toNoDate();
  const offSeconds = Math.round((nowMs - dateMs - HALF_SECOND_MS) / 1000) - readAge(headers);
  const { leewaySeconds } = config.verification;
  const off = Math.abs(offSeconds);
  if (off <= UNNOTICED_SECONDS)
    return ok('clock', `The clock agrees with that of ${toHost(config.baseUrl)}.`);
  const message = `The clock is ${off} s ${offSeconds > 0 ? 'ahead of' : 'behind'} that of ${toHost(config.baseUrl)}.`;
  const advice = 'Let NTP set the clock of this machine.';
  if (off <= leewaySeconds) return warning('clock', message, { advice });
  const effect =
    offSeconds > 0 ? 'Tokens expire too early here.' : 'New tokens seem to be issued in the future.';
  const code = offSeconds > 0 ? 'TOKEN_EXPIRED' : 'TOKEN_ISSUED_IN_FUTURE';
  return problem('clock', `${message} ${effect}`, { advice, code });
}

function toNoDate(): Finding {
  return skipped('clock', 'No response with a date came, so the clock is not compared.');
}
