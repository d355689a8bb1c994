// Further origins that are ours: one by one, by a pattern for previews of one site, or by a function.
import { isYes } from '../yes.js';

/** Tells of an origin, as browsers write it (`https://app.example.com`), whether its pages are ours. Only `true` is a yes. */
export type OriginTest = (origin: string) => boolean;

/** An origin, `https://*.example.com` for those one label below it, or a test. */
export type TrustedOrigin = string | OriginTest;

const LABEL = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/; // as browsers write one: in small letters, or in Punycode
const PATTERN = /^(https?):\/\/\*\.([a-z0-9.-]+)(:[1-9]\d{0,4})?$/;
const NAME = /^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*$/;

/** Tells whether an origin is among those that are trusted. A test that throws says no. */
export function isTrustedOrigin(origin: string, trusted: readonly TrustedOrigin[]): boolean {
  return trusted.some((one) => (typeof one === 'string' ? isMatch(origin, one) : isAllowed(origin, one)));
}

function isMatch(origin: string, one: string): boolean {
  if (origin === one) return true;
  const star = one.indexOf('*');
  if (star === -1) return false;
  const [before, after] = [one.slice(0, star), one.slice(star + 1)];
  if (!origin.startsWith(before) || !origin.endsWith(after)) return false;
  return LABEL.test(origin.slice(before.length, origin.length - after.length));
}

// A refusal that the application can see in its own function is better than an error for each request.
function isAllowed(origin: string, test: OriginTest): boolean {
  try {
    return isYes(test(origin));
  } catch {
    return false;
  }
}

/** Finds what is wrong with a pattern, if anything: what it has, for a message that says what it must be. */
export function findPatternFlaw(pattern: string): string | undefined {
  const [, scheme, base = '', port] = PATTERN.exec(pattern) ?? [];
  const isUsual = port === (scheme === 'https' ? ':443' : ':80'); // which no browser writes
  if (base === 'localhost' && !isUsual) return undefined;
  if (scheme !== 'https' || !NAME.test(base) || isUsual) return 'a "*" where no pattern has one';
  return isSharedSuffix(base) ? 'a "*" below a name under which anybody can have a site' : undefined;
}

// Whoever hosts there has the next label, or one further down: a pattern would trust all of them. No whole list (that is
// the Public Suffix List's business), but the names under which previews are usually found.
const SHARED: ReadonlySet<string> = new Set(
  `vercel.app vercel.dev now.sh netlify.app netlify.com github.io github.dev app.github.dev githubpreview.dev gitlab.io
  bitbucket.io pages.dev workers.dev r2.dev trycloudflare.com herokuapp.com onrender.com fly.dev railway.app surge.sh
  web.app firebaseapp.com appspot.com deno.dev deno.net glitch.me replit.app replit.dev repl.co stackblitz.io
  webcontainer.io codesandbox.io csb.app gitpod.io ondigitalocean.app zeabur.app koyeb.app northflank.app kinsta.app
  hf.space streamlit.app ngrok.io ngrok.app ngrok.dev ngrok-free.app ngrok-free.dev loca.lt localhost.run lhr.life
  serveo.net devtunnels.ms tunnelmole.net expo.app amplifyapp.com cloudfront.net azurewebsites.net
  azurestaticapps.net azureedge.net azurefd.net azurecontainerapps.io myshopify.com wordpress.com blogspot.com
  wixsite.com webflow.io framer.app framer.website squarespace.com weebly.com tumblr.com neocities.org readthedocs.io
  gitbook.io notion.site super.site carrd.co bubbleapps.io retool.com translate.goog googleusercontent.com
  duckdns.org ddns.net dyndns.org no-ip.org nip.io sslip.io xip.io traefik.me lvh.me supabase.co base44.app lovable.app
  lovable.dev bolt.host v0.app edgecompute.app pages.gitlab.io eu.org pp.ua`.split(/\s+/),
);

// Below these, too, the next label is a region or a service, and not a customer.
const SHARED_DEEP = [
  'amazonaws.com',
  'awsapprunner.com',
  'elasticbeanstalk.com',
  'on.aws',
  'run.app',
  'cloudfunctions.net',
  'azure.com',
  'windows.net',
  'azurewebsites.net',
  'azurestaticapps.net',
  'azurecontainerapps.io',
  'railway.app',
  'digitaloceanspaces.com',
  'devtunnels.ms',
  'oraclecloud.com',
  'aliyuncs.com',
];

// Of two labels under a country's name, the first is often a public one.
const PUBLIC_SECOND =
  /^(?:co|com|org|net|edu|gov|ac|or|ne|go|gob|gouv|nom|id|ltd|plc|me|sch|asn|web|mil|in)\.[a-z]{2}$/;

// Blogs by country (blogspot.de, blogspot.co.uk), schools of a state, countries below eu.org.
const SHARED_FORM = /^(?:blogspot\.(?:com?\.)?[a-z]{2}|k12\.[a-z]{2}\.us|[a-z]{2}\.eu\.org)$/;

function isSharedSuffix(base: string): boolean {
  if (SHARED.has(base) || PUBLIC_SECOND.test(base) || SHARED_FORM.test(base)) return true;
  return SHARED_DEEP.some((suffix) => base === suffix || base.endsWith(`.${suffix}`));
}
