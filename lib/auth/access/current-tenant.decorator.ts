// Hands the tenant that the request is about to a handler.
import { createParamDecorator } from '@nestjs/common';
import type { ExecutionContext, PipeTransform, Type } from '@nestjs/common';
import { whenReady } from '../../core/maybe-promise.js';
import type { MaybePromise } from '../../core/maybe-promise.js';
import { readTenantGrants } from '../../core/user/matches.js';
import { readAccessPolicy } from '../access.policy.js';
import { readSession } from '../session/context-session.js';
import { readRequestValue } from './request-value.js';

/**
 * Gives a handler the id of the tenant that its `@Tenant` names, or without one the session's current tenant (`dct`);
 * `undefined` where the caller does not belong to it.
 */
export const CurrentTenant: (...pipes: (PipeTransform | Type<PipeTransform>)[]) => ParameterDecorator =
  createParamDecorator((_data: undefined, context: ExecutionContext) => readTenant(context));

function readTenant(context: ExecutionContext): MaybePromise<string | undefined> {
  const { demands } = readAccessPolicy(context.getClass(), context.getHandler());
  const { user } = readSession(context);
  const asked = demands.find((demand) => demand.kind === 'tenant');
  const tenant = readRequestValue(asked?.from ?? 'dct', { context, user });
  return whenReady(tenant, (id) => (readTenantGrants(user, id ?? '') === undefined ? undefined : id));
}
