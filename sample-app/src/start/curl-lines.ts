// Calls to paste into a terminal, each with the status of its response. Tokens stand in variables, never in a line.
import { PEOPLE } from '../embedded/people.js';
import { toSocketLine } from './socket-line.js';

interface Call {
  readonly status: number;
  readonly about: string;
  readonly path: string;
  /** The variable of the session token. */
  readonly token?: string | undefined;
  /** The variable of the access key. */
  readonly accessKey?: string;
  /** What is posted, as JSON. */
  readonly body?: object;
}

/** A line, and what is said of it: a status, or nothing. */
export interface FirstLine {
  readonly line: string;
  readonly comment: string;
}

/** The four lines of the greeting. */
export function toFirstLines(url: string, isEmbedded: boolean): FirstLine[] {
  const [define, token]: [FirstLine, string] = isEmbedded
    ? [{ line: `ADA=$(curl -s ${url}/embedded/tokens/ada)`, comment: '' }, '$ADA']
    : [{ line: 'SESSION_TOKEN=…', comment: '# of your project' }, '$SESSION_TOKEN'];
  const calls: readonly Call[] = [
    { status: 401, about: '', path: '/me' },
    { status: 200, about: '', path: '/me', token },
    { status: 403, about: '', path: '/tenants/globex/admin', token },
  ];
  return [define, ...calls.map((call) => ({ line: toCurl(url, call), comment: `# ${call.status}` }))];
}

/** All lines, as a script: variables first, then a comment and a call each. */
export function toCallList(url: string, isEmbedded: boolean): string {
  const calls = isEmbedded ? OF_THE_EMBEDDED : OF_A_PROJECT;
  const sections = [
    toVariables(url, isEmbedded).join('\n'),
    ...calls.map((call) => `# ${call.status}  ${call.about}\n${toCurl(url, call)}`),
    `# the gateway, asked from the folder of this project\n${toSocketLine(url, isEmbedded ? '$BOB' : '$SESSION_TOKEN')}`,
  ];
  return `${sections.join('\n\n')}\n`;
}

function toVariables(url: string, isEmbedded: boolean): string[] {
  if (!isEmbedded) return ['# first: SESSION_TOKEN=… and ACCESS_KEY=… of the project'];
  return [
    '# first: a session token of each seeded person, and the access key of a machine',
    ...PEOPLE.map(({ key }) => `${key.toUpperCase()}=$(curl -s ${url}/embedded/tokens/${key})`),
    `ROBOT=$(curl -s ${url}/embedded/access-key)`,
  ];
}

// Double quotes only: within them a shell reads variables.
function toCurl(url: string, { path, token, accessKey, body }: Call): string {
  const parts = ['curl -i'];
  if (token !== undefined) parts.push(`-H "Authorization: Bearer ${token}"`);
  if (accessKey !== undefined) parts.push(`-H "X-Api-Key: ${accessKey}"`);
  if (body !== undefined)
    parts.push(`-H "Content-Type: application/json" -d "${JSON.stringify(body).replaceAll('"', '\\"')}"`);
  return [...parts, url + path].join(' ');
}

const toGraphqlCall = (query: string) => ({ status: 200, path: '/graphql', body: { query } });

const OPEN_CALLS: readonly Call[] = [
  { status: 200, about: 'anybody may', path: '/public' },
  { status: 401, about: 'nobody is signed in', path: '/me' },
];

const OF_THE_EMBEDDED: readonly Call[] = [
  ...OPEN_CALLS,
  { status: 200, about: 'who Ada is', path: '/me', token: '$ADA' },
  { status: 200, about: 'Ada is an admin', path: '/admin', token: '$ADA' },
  { status: 403, about: 'Bob is no admin', path: '/admin', token: '$BOB' },
  { status: 200, about: 'Bob may read reports', path: '/reports', token: '$BOB' },
  { status: 200, about: 'Ada is an admin in the tenant acme', path: '/tenants/acme/admin', token: '$ADA' },
  { status: 403, about: 'Ada does not belong to globex', path: '/tenants/globex/admin', token: '$ADA' },
  { status: 403, about: 'Bob is only an editor in acme', path: '/tenants/acme/admin', token: '$BOB' },
  { status: 200, about: 'so may a machine, by its access key', path: '/reports', accessKey: '$ROBOT' },
  {
    status: 201,
    about: 'Carol may do what any signed-in user may',
    path: '/notes',
    token: '$CAROL',
    body: { text: 'Hi' },
  },
  { ...toGraphqlCall('{ products }'), about: 'anybody may, over GraphQL' },
  { ...toGraphqlCall('{ orders { id product } }'), about: "Bob's orders, over GraphQL", token: '$BOB' },
  {
    ...toGraphqlCall('mutation { cancelOrder(id: 1) }'),
    about: 'but FORBIDDEN: in GraphQL a rejection is one of the errors, and Bob is no admin',
    token: '$BOB',
  },
];

const OF_A_PROJECT: readonly Call[] = [
  ...OPEN_CALLS,
  { status: 200, about: 'anyone who the token is for', path: '/me', token: '$SESSION_TOKEN' },
  { status: 200, about: 'the machine that the access key is of', path: '/me', accessKey: '$ACCESS_KEY' },
  { ...toGraphqlCall('{ orders { id product } }'), about: 'over GraphQL', token: '$SESSION_TOKEN' },
];
