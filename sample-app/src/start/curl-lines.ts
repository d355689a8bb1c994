// Calls to paste into a terminal, each with the status that it is answered with.
import type { EmbeddedDescope } from '../embedded/embedded-descope.js';
import { PEOPLE } from '../embedded/people.js';
import { toSocketLine } from './socket-line.js';
import type { Sample } from './start-sample.js';

interface Call {
  readonly status: number;
  readonly about: string;
  readonly path: string;
  readonly token?: string | undefined;
  readonly accessKey?: string;
  /** What is posted, as JSON. */
  readonly body?: object;
}

interface CallList {
  readonly calls: readonly Call[];
  /** Whose orders the gateway is asked for. */
  readonly socketToken: string;
}

/** Lists them; with tokens that work, where the embedded Descope can sign some. */
export async function toCallList({ url, embedded, settings }: Sample): Promise<string> {
  const { calls, socketToken } = embedded ? await toEmbeddedCalls(embedded) : OF_A_PROJECT;
  const lines = calls.flatMap((call) => ['', `# ${call.status}  ${call.about}`, toCurl(url, call)]);
  const heading = embedded
    ? `Or call it from a terminal, with tokens good for ${toDuration(settings.sessionSeconds)}`
    : 'Call it from a terminal, with a session token of the project';
  const gateway = [
    '',
    '# the gateway, asked from the folder of this project',
    toSocketLine(url, socketToken),
  ];
  return [heading, ...lines, ...gateway].join('\n');
}

function toDuration(seconds: number): string {
  return seconds < 120 ? `${seconds} seconds` : `${Math.floor(seconds / 60)} minutes`;
}

// Double quotes only: they mean the same to every shell.
function toCurl(url: string, { path, token, accessKey, body }: Call): string {
  const parts = [`curl -i ${url}${path}`];
  if (token !== undefined) parts.push(`-H "Authorization: Bearer ${token}"`);
  if (accessKey !== undefined) parts.push(`-H "X-Api-Key: ${accessKey}"`);
  if (body !== undefined)
    parts.push(`-H "Content-Type: application/json" -d "${JSON.stringify(body).replaceAll('"', '\\"')}"`);
  return parts.join(' ');
}

async function toEmbeddedCalls(embedded: EmbeddedDescope): Promise<CallList> {
  const [ada = '', bob = '', carol = ''] = await Promise.all(
    PEOPLE.map(async (person) => (await embedded.signIn(person)).sessionJwt),
  );
  const calls = [
    ...OPEN_CALLS,
    { status: 200, about: 'who Ada is', path: '/me', token: ada },
    { status: 200, about: 'Ada is an admin', path: '/admin', token: ada },
    { status: 403, about: 'Bob is no admin', path: '/admin', token: bob },
    { status: 200, about: 'Bob may read reports', path: '/reports', token: bob },
    { status: 200, about: 'Ada is an admin in the tenant acme', path: '/tenants/acme/admin', token: ada },
    { status: 403, about: 'Ada does not belong to globex', path: '/tenants/globex/admin', token: ada },
    { status: 403, about: 'Bob is only an editor in acme', path: '/tenants/acme/admin', token: bob },
    {
      status: 200,
      about: 'so may a machine, by its access key',
      path: '/reports',
      accessKey: embedded.accessKey,
    },
    {
      status: 201,
      about: 'Carol may do what any signed-in user may',
      path: '/notes',
      token: carol,
      body: { text: 'Hi' },
    },
    { ...toGraphqlCall('{ products }'), about: 'anybody may, over GraphQL' },
    { ...toGraphqlCall('{ orders { id product } }'), about: "Bob's orders, over GraphQL", token: bob },
    {
      ...toGraphqlCall('mutation { cancelOrder(id: 1) }'),
      about: 'but FORBIDDEN: in GraphQL a rejection is one of the errors, and Bob is no admin',
      token: bob,
    },
  ];
  return { calls, socketToken: bob };
}

const toGraphqlCall = (query: string) => ({ status: 200, path: '/graphql', body: { query } });

const OPEN_CALLS: readonly Call[] = [
  { status: 200, about: 'anybody may', path: '/public' },
  { status: 401, about: 'nobody is signed in', path: '/me' },
];

const OF_A_PROJECT: CallList = {
  calls: [
    ...OPEN_CALLS,
    { status: 200, about: 'anyone who the token is for', path: '/me', token: '$SESSION_TOKEN' },
    { status: 200, about: 'the machine that the access key is of', path: '/me', accessKey: '$ACCESS_KEY' },
    { ...toGraphqlCall('{ orders { id product } }'), about: 'over GraphQL', token: '$SESSION_TOKEN' },
  ],
  socketToken: '$SESSION_TOKEN',
};
