// Lets the application's own rule decide, once the token's demands are met.
import type { Type } from '@nestjs/common';
import { invalid } from '../access/definition.js';
import { note } from '../access/note.js';
import type { AccessDecorator } from '../access/note.js';
import type { RegisteredUser } from '../../core/user/descope-user.js';
import type { DescopePolicy, DescopePolicyFunction } from './rules.js';

/**
 * Asks a rule of the application: a class with `isAllowed(user, context)`, which Nest injects, or a function. `user` is
 * what `@CurrentUser()` gives. Whatever is not `true` is 403 `ACCESS_POLICY_REFUSED`; what it throws stays as thrown.
 * @example `@Authorize(OwnsOrder) @Get('orders/:id') show() {}`
 */
export function Authorize<User = RegisteredUser>(
  policy: Type<DescopePolicy<User>> | DescopePolicyFunction<User>,
): AccessDecorator {
  if (typeof policy !== 'function')
    throw invalid('@Authorize()', 'a class with isAllowed(user, context), or a function');
  return note({ rule: { kind: 'policy', policy }, label: `@Authorize(${policy.name || 'a function'})` });
}
