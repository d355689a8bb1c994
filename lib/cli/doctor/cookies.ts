// Checks what cookies and proxies depend on: the public origin, and the attributes of the cookies.
import type { DescopeConfig } from '../../core/config/config.js';
import { isConfidential } from '../../core/http/base-url.js';
import type { Finding } from './finding.js';
import { ok, problem, skipped, warning } from './finding.js';

/** Checks the settings of cookies against the public origin; without the options of the code there is nothing to check. */
export function checkCookies(config: DescopeConfig, hasOptions: boolean): Finding[] {
  if (!hasOptions)
    return [
      skipped(
        'cookies',
        'The environment has no options about cookies. Give those of the code by --options.',
      ),
    ];
  if (!config.session.isOn)
    return [ok('cookies', 'The option session is not set: this application keeps no sessions of browsers.')];
  const flaws = [...judgeOrigin(config), ...judgeCookies(config)];
  return flaws.length > 0 ? flaws : [toSummary(config)];
}

function toSummary({ session, authentication }: DescopeConfig): Finding {
  const { publicOrigin = 'the Host header' } = authentication.origins;
  if (session.store === 'request-session')
    return ok(
      'cookies',
      `Tokens are in the application's own session; origins are compared with ${publicOrigin}.`,
    );
  const { sessionName, refreshName, sameSite, secure } = session.cookies;
  const security = secure === 'auto' ? 'Secure except on loopback' : secure ? 'Secure' : 'not Secure';
  const names = `${sessionName} and ${refreshName}`;
  return ok(
    'cookies',
    `${names}: SameSite=${sameSite}, ${security}; origins are compared with ${publicOrigin}.`,
  );
}

function judgeOrigin({ authentication, session }: DescopeConfig): Finding[] {
  if (authentication.origins.publicOrigin !== undefined || !session.cookies.isProduction) return [];
  const message =
    'publicOrigin is not set, so the origin of a request is compared with its Host header. Behind a proxy that changes Host, requests of your own pages are rejected (REQUEST_CROSS_SITE).';
  const advice = 'Set publicOrigin to the origin that browsers show, such as "https://app.example.com".';
  return [warning('cookies', message, { advice })];
}

function judgeCookies({ authentication, session }: DescopeConfig): Finding[] {
  const { publicOrigin } = authentication.origins;
  if (session.store !== 'cookies' || publicOrigin === undefined) return [];
  return [...judgeSecure(publicOrigin, session.cookies), ...judgeDomain(publicOrigin, session.cookies)];
}

type Cookies = DescopeConfig['session']['cookies'];

function judgeSecure(publicOrigin: string, { secure, isProduction }: Cookies): Finding[] {
  const isHttps = publicOrigin.startsWith('https:');
  if (isHttps && secure === false)
    return [
      warning(
        'cookies',
        'session.cookie.secure is false, and publicOrigin is https: cookies go over plain http, too.',
        {
          advice: 'Leave session.cookie.secure out.',
        },
      ),
    ];
  const isSecure = secure === true || (secure === 'auto' && isProduction);
  if (isConfidential(publicOrigin) || !isSecure) return [];
  const message = `publicOrigin is plain http (${publicOrigin}), and the cookies are Secure: browsers do not take them.`;
  return [problem('cookies', message, { advice: 'Serve the application over https, and name that origin.' })];
}

// RFC 6265 §5.3, step 6.
function judgeDomain(publicOrigin: string, { domain }: Cookies): Finding[] {
  const { hostname } = new URL(publicOrigin);
  const wanted = domain?.toLowerCase();
  if (wanted === undefined || hostname === wanted || hostname.endsWith(`.${wanted}`)) return [];
  const message = `session.cookie.domain is ${wanted}, and the host of publicOrigin is ${hostname}: browsers reject the cookies.`;
  return [
    problem('cookies', message, { advice: 'Set the domain to the host, to one above it, or leave it out.' }),
  ];
}
