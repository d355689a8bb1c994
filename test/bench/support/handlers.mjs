// A controller with a handler for each kind of demand. What this version cannot ask for is left out.
import { descope } from './ours.mjs';

/** The controller's class, and its handlers by what they ask for. */
export class OrdersController {}

const { Public, Roles, Permissions, OptionalAuth } = descope;
const { AnyOf } = await import('../../../dist/esm/access/index.js').catch(() => ({}));

const DEMANDS = {
  'a signed-in user': () => [],
  'two roles': () => [Roles.all('member', 'admin')],
  'two permissions': () => [Permissions('reports:read', 'orders:read')],
  'a role in a tenant': () => [Roles('lead', { tenant: 'param:tenantId' })],
  'role, permission and tenant': () => [
    Roles('admin'),
    Permissions('reports:read'),
    Roles('lead', { tenant: 'param:tenantId' }),
  ],
  'one of two demands (@AnyOf)': () => [AnyOf(Roles('nobody'), Permissions('reports:read'))],
  'optional sign-in': () => [OptionalAuth()],
  'nothing (@Public)': () => [Public()],
};

export const handlers = new Map(
  Object.entries(DEMANDS).flatMap(([name, toDecorators]) => toHandler(name, toDecorators)),
);

function toHandler(name, toDecorators) {
  const key = name.replaceAll(/\W+(.)?/g, (_, letter = '') => letter.toUpperCase());
  const handler = { [key]() {} }[key];
  Object.defineProperty(OrdersController.prototype, key, { value: handler, configurable: true });
  const descriptor = Object.getOwnPropertyDescriptor(OrdersController.prototype, key);
  try {
    for (const decorate of toDecorators()) decorate(OrdersController.prototype, key, descriptor);
    return [[name, handler]];
  } catch {
    delete OrdersController.prototype[key];
    return [];
  }
}
