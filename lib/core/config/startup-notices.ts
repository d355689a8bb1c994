// The notices about a configuration that is allowed and may be a mistake: logged at each boot, and reported by the doctor.
import { isConfidential, isLoopbackUrl } from '../http/base-url.js';
import type { Notice } from '../logging.js';
import { toUsernameClaimName } from '../user/descope-user.js';
import type { DescopeConfig } from './config.js';

const MUTABLE_CLAIMS = ['email', 'phone', 'name', 'phone_number', 'preferred_username'];

/** A notice whose message has two parts. */
export interface StartupNotice extends Notice, NoticeText {}

interface NoticeText {
  /** What is so, and its effect. */
  readonly fact: string;
  /** What to do. */
  readonly advice: string;
}

/** Lists configurations that are allowed and may be a mistake. */
export function readStartupNotices(config: DescopeConfig): StartupNotice[] {
  const notices: StartupNotice[] = [];
  const claim = toUsernameClaimName(config.authentication.usernameClaim);
  if (!config.isAudienceDecided) notices.push(warn('AUDIENCE_NOT_CHECKED', AUDIENCE));
  if (!isConfidential(config.baseUrl)) notices.push(warn('BASE_URL_INSECURE', INSECURE));
  if (config.session.cookies.isProduction && isLoopbackUrl(config.baseUrl))
    notices.push(warn('BASE_URL_LOOPBACK', LOOPBACK));
  if (config.keys !== undefined) notices.push(warn('KEYS_STATIC', STATIC));
  if (!isPlatformPromise()) notices.push(warn('PROMISE_REPLACED', REPLACED));
  const { store, channel, maxStaleMs } = config.shared;
  if (store !== undefined && channel === undefined) notices.push(toAsynchronous(maxStaleMs));
  if (MUTABLE_CLAIMS.includes(claim)) notices.push(warn('USERNAME_CLAIM_MUTABLE', toMutable(claim)));
  return notices;
}

// An `async` function returns the platform's own promise, also if the global `Promise` was replaced.
function isPlatformPromise(): boolean {
  const promised = (async () => undefined)();
  return Object.getPrototypeOf(promised) === Promise.prototype;
}

function warn(code: Notice['code'], { fact, advice }: NoticeText): StartupNotice {
  return { code, level: 'warn', message: `${fact} ${advice}`, fact, advice };
}

function toAsynchronous(maxStaleMs: number): StartupNotice {
  const fact = `Sign-outs are shared through a store without a channel: the guard is asynchronous, each session asks the store at most once in ${maxStaleMs} ms, and a sign-out reaches the other instances within that time.`;
  const advice = 'Set shared.channel to avoid both.';
  return { code: 'SHARED_WITHOUT_CHANNEL', level: 'log', message: `${fact} ${advice}`, fact, advice };
}

const AUDIENCE: NoticeText = {
  fact: 'No audience is configured, so tokens that this project issued for another API are accepted too.',
  advice: 'Set audience (or DESCOPE_AUDIENCE), or audience: null if this is intended.',
};
const INSECURE: NoticeText = {
  fact: 'The base URL is plain http to another host: anyone on the network path can replace the keys.',
  advice: 'Use https. Only an emulator in a private network may use plain http.',
};
const LOOPBACK: NoticeText = {
  fact: 'NODE_ENV is production, and the base URL is on this machine: any program that listens on that port provides the keys and can sign in as any user. Perhaps the address of an emulator was left in the configuration.',
  advice: "Remove baseUrl (DESCOPE_BASE_URI), or set it to Descope's API.",
};
const STATIC: NoticeText = {
  fact: 'The keys are fixed (publicKey or keys), but Descope rotates its keys daily: tokens signed with the next key will be rejected.',
  advice: 'Remove the option, so that the keys are fetched.',
};
const REPLACED: NoticeText = {
  fact: "The global Promise is not the platform's own (zone.js, or another library that replaces it). This package is not affected, because it checks for `then`. Code that checks `instanceof Promise` mistakes the promise of an async function for a plain value.",
  advice: 'Search your guards and rules for this check, or do not load that library on a server.',
};

function toMutable(claim: string): NoticeText {
  const fact = `usernameClaim is "${claim}". Users can change this claim, and a value that becomes free can be taken by another user: the same username may then mean another person.`;
  return { fact, advice: 'Use an immutable claim such as "sub".' };
}
