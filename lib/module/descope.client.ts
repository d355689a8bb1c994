// The Descope client: a typed proxy that imports `@descope/node-sdk` and creates its client on the first call.
import type { DescopeClient, NodeSdk } from '../auth/injection-tokens.js';
import type { Fetch } from '../core/api/http-client.js';
import type { DescopeConfig } from '../core/config/config.js';
import { DescopeUnavailableError, toMistake } from '../core/errors.js';
import type { Notify } from '../core/logging.js';
import { RequestFailure } from '../core/request-failure.js';
import type { LateServices } from './late-services.js';

type TellFailure = (failure: RequestFailure) => RequestFailure;

const TIMEOUT_MS = 10_000;

/**
 * Creates the proxy. Until one of its methods is called, nothing is imported, and the configuration is not read: a provider
 * that injects the client may create the options.
 */
export function createDescopeClient(services: LateServices): DescopeClient {
  let sdk: Promise<NodeSdk> | undefined;
  const load = (): Promise<NodeSdk> => {
    sdk ??= createSdk(services).catch((error: unknown) => {
      sdk = undefined; // the next call retries a failed import
      throw error;
    });
    return sdk;
  };
  return createPathProxy(load, []) as DescopeClient;
}

async function createSdk(services: LateServices): Promise<NodeSdk> {
  const { config, sessions } = await services.find();
  const tellFailure = (failure: RequestFailure) => tell(failure, config, sessions.api.notify);
  const { default: createNodeSdk } = await import('@descope/node-sdk');
  const { managementKey, authManagementKey } = config.readSecrets();
  const { fgaCacheUrl } = config;
  return createNodeSdk({
    projectId: config.projectId,
    baseUrl: config.baseUrl,
    fetch: createTimedFetch(config.fetch, tellFailure),
    ...(managementKey === undefined ? {} : { managementKey }),
    ...(authManagementKey === undefined ? {} : { authManagementKey }),
    ...(fgaCacheUrl === undefined ? {} : { fgaCacheUrl }),
  });
}

// The client has no time limit of its own: a hung socket would block a request for ever. It retries after some of the
// failures, and hides others.
function createTimedFetch(fetch: Fetch, tellFailure: TellFailure): Fetch {
  return async (input, init) => {
    const timeout = AbortSignal.timeout(TIMEOUT_MS);
    const signal = init?.signal ? AbortSignal.any([init.signal, timeout]) : timeout;
    const url = input instanceof Request ? input.url : String(input);
    let answer: Response;
    try {
      answer = await fetch(input, { ...init, signal });
    } catch (error) {
      const cause = timeout.aborted ? new Error(`Descope did not respond within ${TIMEOUT_MS} ms.`) : error;
      throw tellFailure(new RequestFailure({ url, cause, secrets: readSecrets(init) }));
    }
    if (answer.status >= 500) tellFailure(new RequestFailure({ url, status: answer.status }));
    return answer;
  };
}

// The last failed request of the client, by application.
const lastFailures = new WeakMap<DescopeConfig, RequestFailure>();

/** Reads the last failed request of an application's client, which does not report it itself while it retries. */
export function readLastFailure(config: DescopeConfig): RequestFailure | undefined {
  return lastFailures.get(config);
}

function tell(failure: RequestFailure, config: DescopeConfig, notify: Notify): RequestFailure {
  lastFailures.set(config, failure);
  notify({ code: 'DESCOPE_UNAVAILABLE', level: 'warn', message: `${FAILED} (${failure.message})` });
  return failure;
}

const FAILED =
  "A call of Descope's Node SDK failed. If this continues, check the network connection to baseUrl.";

function readSecrets(init: RequestInit | undefined): readonly string[] {
  const [, ...credentials] = (new Headers(init?.headers).get('authorization') ?? '').split(/[ :]/);
  return credentials;
}

function createPathProxy(load: () => Promise<NodeSdk>, path: readonly string[]): unknown {
  // The client itself is not a function: Nest's logger calls functions, and does not await the result.
  return new Proxy(path.length === 0 ? {} : () => undefined, {
    get: (target, name) => {
      if (name === 'constructor') return target.constructor; // @nestjs/graphql reads the class of every provider
      return isMember(name) ? createPathProxy(load, [...path, name]) : undefined;
    },
    apply: (_target, _this, args: unknown[]) => call(load, path, args),
  });
}

// Nest reads lifecycle hooks of providers, `await` reads `then`, and loggers read `toJSON` and `toString`: these are not
// methods of the SDK.
function isMember(name: string | symbol): name is string {
  const foreign = ['then', 'toJSON', 'toString', 'valueOf', 'constructor', 'prototype', '__proto__'];
  return (
    typeof name === 'string' && !foreign.includes(name) && !/^(?:on|before)(?:Module|Application)/.test(name)
  );
}

async function call(
  load: () => Promise<NodeSdk>,
  path: readonly string[],
  args: unknown[],
): Promise<unknown> {
  let owner: unknown;
  let member: unknown = await load();
  for (const name of path) {
    owner = member;
    member = owner === null || owner === undefined ? undefined : (owner as Record<string, unknown>)[name];
  }
  if (typeof member !== 'function')
    throw toMistake(new TypeError(`The Descope client has no method "${path.join('.')}".`));
  try {
    return (await member.apply(owner, args)) as unknown;
  } catch (error) {
    throw toOutage(error);
  }
}

// A broken connection is the failure of our own `fetch`, and 503 like every outage. What else is thrown is the vendor's.
function toOutage(error: unknown): unknown {
  if (!(error instanceof RequestFailure)) return error;
  const message = `Descope is unavailable at present (${error.message}).`;
  return new DescopeUnavailableError('DESCOPE_UNAVAILABLE', message, { retryAfterSeconds: 1, cause: error });
}
