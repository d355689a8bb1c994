// The table of routes: where each stands, who may ask, what it does, and what Swagger says of it.
import { RequestMethod } from '@nestjs/common';
import type { Notify } from '../core/notice.js';
import type { CheckRoute } from './check/check-route.js';
import type { LoginRoute } from './login/login-route.js';
import { SCRIPT_PATH } from './login/login-route.js';
import type { MeRoute } from './session/me-route.js';
import type { RouteCall, RouteReply } from './route-call.js';
import { TENANT_BODY, TOKENS_BODY } from './route-docs.js';
import type { RouteDocs } from './route-docs.js';
import { CHECK_PATH } from './routes-options.js';
import type { DescopeRoutesOptions } from './routes-options.js';
import type { SessionRoutes } from './session/session-routes.js';
import type { SignOutRoutes } from './session/sign-out-routes.js';

/** What the routes are made of. */
export interface RouteParts {
  readonly login: LoginRoute;
  readonly check: CheckRoute;
  readonly session: SessionRoutes;
  readonly signOut: SignOutRoutes;
  readonly me: MeRoute;
  readonly notify: Notify;
}

/** One route. */
export interface Route {
  /** The option that switches it off. */
  readonly option: Exclude<keyof DescopeRoutesOptions, 'path'>;
  readonly method: RequestMethod;
  readonly paths: string[];
  /** Open to nobody in particular: it looks at the browser's tokens itself. */
  readonly isPublic: boolean;
  /**
   * Whether the middleware renews a session on the way here: not for a gateway's question, of whose answer the browser
   * sees no cookie, nor where the route itself renews, replaces or ends what there is.
   */
  readonly isRenewed: boolean;
  readonly run: (parts: RouteParts, call: RouteCall) => RouteReply | Promise<RouteReply>;
  readonly docs: RouteDocs;
}

const { GET, POST } = RequestMethod;
const REFUSED = { 401: 'No session, or one that is not good', 403: 'Another site, or a missing grant' };
const OUTAGE = { 503: 'Descope cannot be asked at present' };

type Place = Pick<Route, 'option' | 'method' | 'paths' | 'isPublic' | 'isRenewed'>;

const open = (option: Route['option'], method: RequestMethod, ...paths: string[]): Place => {
  return { option, method, paths, isPublic: true, isRenewed: option === 'login' };
};
const closed = (option: Route['option'], method: RequestMethod, ...paths: string[]): Place => {
  return { option, method, paths, isPublic: false, isRenewed: true };
};

/** Every route that can be mounted. */
export const ROUTES: readonly Route[] = [
  {
    ...open('login', GET, 'login'),
    run: (to, call) => to.login.page(call),
    docs: {
      summary: 'Shows the sign-in page',
      query: { next: 'Where to go afterwards' },
      answers: { 200: 'HTML' },
    },
  },
  {
    ...open('login', GET, SCRIPT_PATH),
    run: (to, call) => to.login.script(call),
    docs: { summary: 'Serves the web component', answers: { 200: 'JavaScript' } },
  },
  {
    ...open('check', GET, CHECK_PATH),
    run: (to, call) => to.check.check(call),
    docs: {
      summary: 'Tells an API gateway whether a request may pass',
      query: { role: 'A role to ask for', permission: 'A permission to ask for' },
      answers: { 204: 'It may; headers say who it is', ...REFUSED, ...OUTAGE },
    },
  },
  {
    ...open('storeJwt', POST, 'store_jwt', 'session'),
    run: (to, call) => to.session.store(call),
    docs: {
      summary: 'Keeps the tokens of a sign-in',
      body: TOKENS_BODY,
      answers: { 200: 'The user', ...REFUSED, ...OUTAGE },
    },
  },
  {
    ...open('refresh', POST, 'refresh'),
    run: (to, call) => to.session.refresh(call),
    docs: { summary: 'Renews the session', answers: { 200: 'The user', ...REFUSED, ...OUTAGE } },
  },
  {
    ...open('logout', POST, 'logout'),
    run: (to, call) => to.signOut.logout(call),
    docs: { summary: 'Ends this session', answers: { 204: 'Signed out', 403: REFUSED[403] } },
  },
  {
    ...open('logoutAll', POST, 'logout-all'),
    run: (to, call) => to.signOut.logoutAll(call),
    docs: { summary: 'Ends every session of the user', answers: { 204: 'Signed out', ...REFUSED } },
  },
  {
    ...closed('me', GET, 'me'),
    run: (to, call) => to.me.me(call),
    docs: {
      summary: 'Says who is signed in',
      query: { profile: "1 asks for Descope's profile too" },
      answers: { 200: 'User and claims', ...REFUSED, ...OUTAGE },
    },
  },
  {
    ...closed('tenant', POST, 'tenant'),
    run: (to, call) => to.session.selectTenant(call),
    docs: {
      summary: 'Selects the current tenant',
      body: TENANT_BODY,
      answers: { 200: 'The user', ...REFUSED, ...OUTAGE },
    },
  },
];
