// Which routes are mounted, and where, known at registration, and the checks of these options at boot.
import type { Check, OptionReader } from '../core/config/option-reader.js';
import { isBoolean } from '../core/config/option-reader.js';
import type { DescopeFlowOptions } from './flow-options.js';
import { DEFAULT_TEXTS, FLOW_CHECKS, INTEGRITY_WANTED, lacksIntegrity } from './flow-options.js';

/** The default of `routes.path`. */
export const DEFAULT_PATH = 'auth';
/** The path of the web component's script, beside the login page. */
export const SCRIPT_PATH = 'descope-wc.js';
/** The path of the gateway's check. */
export const CHECK_PATH = 'check';

/** The routes that `DescopeModule` mounts. A route that is switched off does not exist: 404. */
export interface DescopeRoutesOptions {
  /**
   * The path of the controller.
   * @defaultValue `'auth'`
   */
  readonly path?: string | undefined;
  /**
   * `GET login`, with the installed `@descope/web-component`.
   * @defaultValue `true`
   */
  readonly login?: LoginPageOptions | boolean | undefined;
  /**
   * Sends a browser that asks for a page without a session to the login page, and back.
   * @defaultValue `false`
   */
  readonly loginRedirect?: boolean | undefined;
  /**
   * `GET check`, for API gateways.
   * @defaultValue `true`
   */
  readonly check?: CheckOptions | boolean | undefined;
  /**
   * `POST store_jwt`, and its alias `POST session`.
   * @defaultValue `true`
   */
  readonly storeJwt?: boolean | undefined;
  /**
   * `POST refresh`.
   * @defaultValue `true`
   */
  readonly refresh?: boolean | undefined;
  /**
   * `POST logout`.
   * @defaultValue `true`
   */
  readonly logout?: boolean | undefined;
  /**
   * `POST logout-all`.
   * @defaultValue `true`
   */
  readonly logoutAll?: boolean | undefined;
  /**
   * `GET me`.
   * @defaultValue `true`
   */
  readonly me?: boolean | undefined;
  /**
   * `POST tenant`.
   * @defaultValue `true`
   */
  readonly tenant?: boolean | undefined;
}

/** A property of the user that a header can carry. */
export type CheckHeaderValue =
  'username' | 'id' | 'email' | 'name' | 'kind' | 'tenant' | 'roles' | 'permissions';

const CHECK_VALUES: readonly CheckHeaderValue[] = [
  'username',
  'id',
  'email',
  'name',
  'kind',
  'tenant',
  'roles',
  'permissions',
];

/** Options of `GET check`, by which an API gateway decides whether to let a request pass. */
export interface CheckOptions {
  /**
   * Roles that the gateway may demand by `?role=`.
   * @defaultValue none
   */
  readonly roles?: readonly string[] | undefined;
  /**
   * Permissions that the gateway may demand by `?permission=`.
   * @defaultValue none
   */
  readonly permissions?: readonly string[] | undefined;
  /**
   * Headers of the response, and the property of the user that each carries, percent-encoded.
   * @defaultValue `X-Auth-User`, `X-Auth-User-Id`, `X-Auth-Roles`, `X-Auth-Permissions`, `X-Auth-Tenant`
   */
  readonly headers?: Readonly<Record<string, CheckHeaderValue>> | undefined;
  /**
   * The header in which the gateway passes the original method, such as `X-Original-Method`. The gateway must set it on
   * every request. Without it, cookies count on same-origin requests only.
   * @defaultValue none
   */
  readonly methodHeader?: string | undefined;
}

/** Options of `GET login`, the page that shows a Descope flow. `projectId` and `baseUrl` come from the module's options. */
export type LoginPageOptions = Partial<
  Pick<
    DescopeFlowOptions,
    | 'flowId'
    | 'baseStaticUrl'
    | 'baseCdnUrl'
    | 'scriptUrl'
    | 'integrity'
    | 'successRedirect'
    | 'theme'
    | 'locale'
    | 'tenant'
    | 'mode'
    | 'texts'
  >
>;

// The checks of the option `routes`, at boot, whose mistakes are reported with all others.

interface RoutesOption {
  readonly routes?: DescopeRoutesOptions | undefined;
}

const SWITCHES = ['loginRedirect', 'storeJwt', 'refresh', 'logout', 'logoutAll', 'me', 'tenant'] as const;
const ROUTE_OPTIONS: readonly string[] = ['path', 'login', 'check', ...SWITCHES];
const LOGIN_TEXTS = [
  'flowId',
  'baseStaticUrl',
  'baseCdnUrl',
  'scriptUrl',
  'integrity',
  'successRedirect',
  'theme',
  'locale',
  'tenant',
  'mode',
] as const;
const CHECK_OPTIONS: readonly string[] = ['roles', 'permissions', 'headers', 'methodHeader'];
const PATH = /^\/?(?:[\w.~-]+(?:\/[\w.~-]+)*)?\/?$/;
const HEADER_NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/; // RFC 9110 §5.1

/** Reports the mistakes in `routes`, where it is given. */
export function reportRouteMistakes(options: OptionReader, given: unknown): void {
  if (given === undefined) return;
  const routes = options
    .beside<RoutesOption>({ routes: given }, ['routes'])
    .group<DescopeRoutesOptions>('routes', ROUTE_OPTIONS);
  routes.read<string | undefined>('path', { wants: 'a path such as "auth"', is: isPath, default: undefined });
  for (const name of SWITCHES) routes.read(name, { wants: 'a boolean', is: isBoolean, default: true });
  const members = toMembers(given);
  if (typeof members['login'] !== 'boolean')
    reportLoginMistakes(
      routes.group<LoginPageOptions>('login', LOGIN_OPTIONS, ['a boolean']),
      members['login'],
    );
  if (typeof members['check'] !== 'boolean')
    reportCheckMistakes(routes.group<CheckOptions>('check', CHECK_OPTIONS, ['a boolean']));
  if (members['loginRedirect'] === true && members['login'] === false)
    routes.mistake(
      'loginRedirect',
      'true together with login: false',
      'false, or the login page that it redirects to',
    );
}

const LOGIN_OPTIONS: readonly string[] = [...LOGIN_TEXTS, 'texts'];

function reportLoginMistakes(login: OptionReader<LoginPageOptions>, given: unknown): void {
  for (const name of LOGIN_TEXTS) {
    const [wants, holds] = FLOW_CHECKS[name] ?? ['nothing', () => false];
    const is: Check<string> = (value): value is string => typeof value === 'string' && holds(value);
    login.read<unknown>(name, { wants, is, default: undefined });
  }
  if (lacksIntegrity(toMembers(given))) login.mistake('integrity', 'nothing', INTEGRITY_WANTED);
  const words = Object.keys(DEFAULT_TEXTS) as (keyof typeof DEFAULT_TEXTS)[];
  const texts = login.group<NonNullable<LoginPageOptions['texts']>>('texts', words);
  for (const word of words)
    texts.read<unknown>(word, { wants: 'a string', is: isAnyText, default: undefined });
}

function reportCheckMistakes(check: OptionReader<CheckOptions>): void {
  for (const name of ['roles', 'permissions'] as const)
    check.read<readonly string[]>(name, { wants: 'a list of names', is: isNames, default: [] });
  check.read<unknown>('methodHeader', {
    wants: 'the name of a header',
    is: isHeaderName,
    default: undefined,
  });
  check.read<unknown>('headers', {
    wants: `an object that maps names of headers to one of ${CHECK_VALUES.join(', ')}`,
    is: isHeaders,
    default: undefined,
  });
}

/** Reads `routes` before the check of the options: a path that cannot be mounted is left out. */
export function toMountable(given: unknown): DescopeRoutesOptions {
  const { path, ...rest } = toMembers(given);
  return { ...rest, path: isPath(path) ? path : undefined };
}

const isPath: Check<string> = (value): value is string => typeof value === 'string' && PATH.test(value);
const isAnyText: Check<string> = (value): value is string => typeof value === 'string';
const isHeaderName: Check<string> = (value): value is string =>
  typeof value === 'string' && HEADER_NAME.test(value);
const isNames: Check<readonly string[]> = (value): value is readonly string[] =>
  Array.isArray(value) && value.every((name) => typeof name === 'string' && name !== '');

function isHeaders(value: unknown): value is NonNullable<CheckOptions['headers']> {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isObject) return false;
  return Object.entries(value).every(
    ([name, property]) => isHeaderName(name) && (CHECK_VALUES as readonly unknown[]).includes(property),
  );
}

function toMembers(value: unknown): Readonly<Record<string, unknown>> {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? (value as Record<string, unknown>) : {};
}
