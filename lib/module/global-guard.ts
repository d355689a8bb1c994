// Registers AuthGuard before the application's other global guards, the filter of rejections for handlers of messages, and what explains rejections.
import type { CanActivate, Provider, Type } from '@nestjs/common';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { ApplicationConfig, ModuleRef, ModulesContainer } from '@nestjs/core';
import type { RequestResources } from '../auth/access/protected-resource.js';
import { GlobalGuard } from '../auth/auth.guard.js';
import type { ExplainRejection } from '../auth/error-response.js';
import {
  DESCOPE_AUTHENTICATOR,
  DESCOPE_CONFIG,
  DESCOPE_EXPLAIN,
  DESCOPE_GLOBAL_GUARD,
  DESCOPE_RESOURCES,
} from '../auth/injection-tokens.js';
import { messageRejectionFilter, RejectionFilter } from '../auth/rejection.filter.js';
import type { DescopeConfig } from '../core/config/config.js';
import { describe, OptionReader } from '../core/config/option-reader.js';
import type { GuardOrder } from '../inspect/guard-order.js';
import { isEarly, sortGuards } from '../inspect/guard-order.js';
import { prependEnhancer, readHandlers, readMessageTransport } from '../inspect/handlers.js';
import type { DescopeGlobalGuardOptions, DescopeModuleExtras } from './descope.options.js';

/** The option `globalGuard` after it was read. */
export interface GlobalGuardPlan {
  readonly isRegistered: boolean;
  readonly before: readonly Type<CanActivate>[];
}

/**
 * Provides the option, and what explains rejections, and registers the global guard in its order. The provider depends on no options: Nest applies each
 * APP_GUARD after it has created all instances, so that a guard which is added here comes first, before the handlers of any
 * transport are registered. The factory throws `CONFIG_INVALID` if the option is not valid.
 */
export function toGuardProviders(given: DescopeModuleExtras['globalGuard']): Provider[] {
  return [toGlobalGuardProvider(given), explainProvider];
}

function toGlobalGuardProvider(given: DescopeModuleExtras['globalGuard']): Provider {
  return {
    provide: DESCOPE_GLOBAL_GUARD,
    inject: [ApplicationConfig, ModulesContainer, ModuleRef],
    useFactory: (application: ApplicationConfig, modules: ModulesContainer, own: ModuleRef) => {
      const plan = readPlan(given);
      const { isRegistered, before } = plan;
      if (isRegistered) application.addGlobalGuard(new GlobalGuard(own));
      keepOrder(application, { modules, before }, !isRegistered || before.length > 0);
      return plan;
    },
  };
}

// Guards that Nest or a main.ts adds later are sorted at once, if there is a reason: the option, or a guard that must come
// first. The order is checked when the application boots.
function keepOrder(application: ApplicationConfig, order: GuardOrder, isListed: boolean): void {
  const sort = (): void => {
    if (isListed || application.getGlobalGuards().some((guard) => isEarly(guard, order.modules)))
      sortGuards(application, order);
  };
  const addGlobalGuard = application.addGlobalGuard.bind(application);
  const useGlobalGuards = application.useGlobalGuards.bind(application);
  const addGlobalRequestGuard = application.addGlobalRequestGuard.bind(application);
  application.addGlobalGuard = (guard) => {
    addGlobalGuard(guard);
    sort();
  };
  application.useGlobalGuards = (...guards) => {
    useGlobalGuards(...guards);
    sort();
  };
  application.addGlobalRequestGuard = (wrapper) => {
    addGlobalRequestGuard(wrapper);
    sort();
  };
}

const MEMBERS = ['register', 'before'];

function readPlan(given: unknown): GlobalGuardPlan {
  if (given === undefined || typeof given === 'boolean') return { isRegistered: given !== false, before: [] };
  const options = new OptionReader<Pick<DescopeModuleExtras, 'globalGuard'>>({}, ['globalGuard']);
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    options.mistake('globalGuard', describe(given), 'true, false or { register, before }');
    options.assertFaultless();
  }
  const { register = true, before = [] } = given as DescopeGlobalGuardOptions;
  if (typeof register !== 'boolean')
    options.mistake('globalGuard.register', describe(register), 'true or false');
  if (!Array.isArray(before) || !before.every((item) => typeof item === 'function'))
    options.mistake('globalGuard.before', describe(before), 'a list of the classes of global guards');
  for (const member of Object.keys(given as object).filter((key) => !MEMBERS.includes(key)))
    options.mistake(`globalGuard.${member}`, 'an unknown member', `one of ${MEMBERS.join(', ')}`);
  options.assertFaultless();
  return { isRegistered: register, before };
}

// Adds the filter of rejections to handlers of messages, for which Nest runs no global filter.

/** Adds the filter when it is created: with the application's other providers, before Nest binds their messages. */
@Injectable()
export class MessageFilters {
  constructor(
    @Inject(ModulesContainer) modules: ModulesContainer,
    @Inject(RejectionFilter) { hasHttp }: RejectionFilter,
  ) {
    for (const { type, handler } of readHandlers(modules)) {
      const transport = readMessageTransport(handler);
      if (transport === 'ws' || (transport === 'rpc' && hasHttp))
        prependEnhancer(type, 'filters', messageRejectionFilter);
    }
  }
}

// The option `explain`; its code is loaded only where it is on.

type ExplainParts = readonly [DescopeConfig, object, RequestResources?];

async function createExplain(
  ...[config, authenticator, resources]: ExplainParts
): Promise<ExplainRejection | undefined> {
  if (!config.explain) return undefined;
  const { createRejectionExplainer } = await import('../inspect/matrix/explain-rejection.js');
  const logger = new Logger('Descope');
  const write = (text: string): void => logger.debug(text);
  return createRejectionExplainer({ config, authenticator, resources, write });
}

const explainProvider: Provider = {
  provide: DESCOPE_EXPLAIN,
  inject: [DESCOPE_CONFIG, DESCOPE_AUTHENTICATOR, { token: DESCOPE_RESOURCES, optional: true }],
  useFactory: createExplain,
};
