// What must not compile. Each line is an error; a line that is none stops the compiler.
import {
  Accepts,
  Authorize,
  CurrentUser,
  DescopeModule,
  FgaCheck,
  Roles,
  StepUp,
  Tenant,
} from 'nestjs-descope';
import type { DescopeClient, DescopeOptions, DescopeRule, DescopeUser } from 'nestjs-descope';
import { createTestDescope } from 'nestjs-descope/testing';

// @ts-expect-error a property that users do not have
CurrentUser('nope');
// @ts-expect-error a role that is no text
Roles(42);
// @ts-expect-error there is no such option
DescopeModule.forRoot({ project: 'P2' });
// @ts-expect-error a static option does not come from a factory
DescopeModule.forRootAsync({ useFactory: (): DescopeOptions => ({ globalGuard: false }) });
// @ts-expect-error no such algorithm
DescopeModule.forRoot({ algorithms: ['HS256'] });
// @ts-expect-error no such kind of token
DescopeModule.forRoot({ accepts: ['unknown'] });
// @ts-expect-error no such kind of caller
Accepts('unknown');
// @ts-expect-error a tenant does not stand in a query
Tenant({ from: 'query:tenant' });
// @ts-expect-error options stand behind the names
Roles({ tenant: true }, 'admin');
// @ts-expect-error an age is a number
StepUp({ maxAgeSeconds: '300' });
// @ts-expect-error a relation has a resource
FgaCheck({ resourceType: 'doc', relation: 'viewer' });
// @ts-expect-error a rule answers true or false
Authorize(() => 'yes');
// @ts-expect-error a property that users do not have
Authorize((user) => user.isAdmin);
// @ts-expect-error a class without isAllowed is no rule
Authorize(class {});
export class Unfit implements DescopeRule {
  // @ts-expect-error a user is no number
  isAllowed(user: number): boolean {
    return user > 0;
  }
}
// @ts-expect-error roles are a list
createTestDescope().as({ roles: 'admin' });

export function change(user: DescopeUser, client: DescopeClient) {
  // @ts-expect-error a user is read only
  user.id = 'U2mallory';
  // @ts-expect-error the list of roles is, too
  user.roles.push('admin');
  // @ts-expect-error the vendor's client has no such method
  return client.management.user.creat('anna');
}
