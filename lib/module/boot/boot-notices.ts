// What an operator should read once, at boot.
import { isConfidential, isLoopbackUrl } from '../../core/config/base-url.js';
import type { DescopeConfig } from '../../core/config/config.js';
import type { Notice } from '../../core/notice.js';
import { toUsernameClaimName } from '../../core/user/username.js';

const MUTABLE_CLAIMS = ['email', 'phone', 'name', 'phone_number', 'preferred_username'];

/** Lists what is allowed and yet worth a thought. */
export function readBootNotices(config: DescopeConfig): Notice[] {
  const notices: Notice[] = [];
  const claim = toUsernameClaimName(config.authentication.usernameClaim);
  if (!config.isAudienceDecided) notices.push(warn('AUDIENCE_NOT_CHECKED', AUDIENCE));
  if (!isConfidential(config.baseUrl)) notices.push(warn('BASE_URL_INSECURE', INSECURE));
  if (config.session.cookies.isProduction && isLoopbackUrl(config.baseUrl))
    notices.push(warn('BASE_URL_LOOPBACK', LOOPBACK));
  if (config.keys !== undefined) notices.push(warn('KEYS_STATIC', STATIC));
  if (!isPlatformPromise()) notices.push(warn('PROMISE_REPLACED', REPLACED));
  if (MUTABLE_CLAIMS.includes(claim))
    notices.push(warn('USERNAME_CLAIM_MUTABLE', `usernameClaim is "${claim}". ${MUTABLE}`));
  return notices;
}

// What an `async` function returns is the platform's, whatever stands in its place.
function isPlatformPromise(): boolean {
  const promised = (async () => undefined)();
  return Object.getPrototypeOf(promised) === Promise.prototype;
}

function warn(code: Notice['code'], message: string): Notice {
  return { code, level: 'warn', message };
}

const AUDIENCE =
  'No audience is configured, so a token of this project meant for another API is accepted here too. Set audience (or DESCOPE_AUDIENCE), or audience: null to say that this is meant.';
const INSECURE =
  'The base URL is plain http and leaves this machine: whoever is on the way can replace the keys. Use https.';
const LOOPBACK =
  "NODE_ENV is production, and the base URL is on this machine: whatever listens on that port makes the keys, and signs in whom it likes. An emulator left in the configuration? Leave baseUrl (DESCOPE_BASE_URI) out, or set it to Descope's API.";
const STATIC =
  'Keys are fixed (publicKey or keys), and Descope rotates them daily: tokens of the next key will be refused. Leave the keys out to have them fetched.';
const REPLACED =
  "The global Promise is not the platform's own (zone.js, or another library that replaces it). This package asks for `then` and works, but code that tests `instanceof Promise` takes what an async function returns for a value: look for it in guards and rules of your own, and leave the patch out on a server if you can.";
const MUTABLE =
  'Users can change it, and a freed one can pass to somebody else: the same username may then be another person. Prefer an immutable claim such as "sub".';
