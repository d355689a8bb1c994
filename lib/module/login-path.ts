// Where the login page stands, as the router serves it: global prefix and its exclusions, RouterModule and versions
// are read as the access map reads them.
import type { Provider } from '@nestjs/common';
import { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import type { LoginPath } from '../auth/answer/login-redirect.js';
import { readMethods } from '../auth/access.policy.js';
import { DESCOPE_LOGIN_PATH } from '../auth/injection-tokens.js';
import { isAuthController } from '../auth/injection-tokens.js';
import type { DescopeRoutesOptions } from '../routes/routes-options.js';
import { readEndpoints } from './map/endpoints.js';
import type { Endpoint } from './map/endpoints.js';
import { isClass } from './scan/handlers.js';

const HANDLER = 'answer_login';

/** Where browsers without a session are sent, if that is asked for. */
export function toLoginPathProvider(routes: DescopeRoutesOptions | undefined): Provider {
  const isOn = routes?.loginRedirect === true && routes.login !== false;
  return {
    provide: DESCOPE_LOGIN_PATH,
    inject: [ApplicationConfig, ModulesContainer],
    useFactory: (application: ApplicationConfig, modules: ModulesContainer): LoginPath | undefined => {
      let path: string | undefined; // the prefix may be set until the application listens
      return isOn ? () => (path ??= readLoginPath(application, modules)) : undefined;
    },
  };
}

function readLoginPath(application: ApplicationConfig, modules: ModulesContainer): string {
  const found = readOwnEndpoints(application, modules).find(({ name }) => name === HANDLER);
  if (found === undefined) throw new TypeError('The login page of DescopeModule is not mounted.');
  return found.endpoint.path;
}

interface OwnEndpoint {
  readonly name: string;
  readonly endpoint: Endpoint;
}

function readOwnEndpoints(application: ApplicationConfig, modules: ModulesContainer): OwnEndpoint[] {
  return [...modules.values()].flatMap((module) =>
    [...module.controllers.values()].flatMap(({ metatype: type }) => {
      if (!isClass(type) || !isAuthController(type)) return [];
      const place = { type, module: module.metatype, modules, application };
      return [...readMethods(type)].flatMap(([key, handler]) =>
        readEndpoints({ ...place, name: String(key), handler }).map((endpoint) => {
          return { name: String(key), endpoint };
        }),
      );
    }),
  );
}
