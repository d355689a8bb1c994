// The routes to try: each asks something else of its caller.
import { Controller, Get } from '@nestjs/common';
import {
  CurrentTenant,
  CurrentUser,
  DescopeUser,
  OptionalAuth,
  Permissions,
  Public,
  Roles,
  Tenant,
} from 'nestjs-descope';

@Controller()
export class AccessController {
  /** Nobody is asked anything. */
  @Public()
  @Get('public')
  open() {
    return { message: 'Anybody may read this.' };
  }

  /** No decorator: any signed-in user. */
  @Get('me')
  me(@CurrentUser() user: DescopeUser) {
    return user;
  }

  /** Answers everybody, and knows who is signed in. */
  @OptionalAuth()
  @Get('maybe')
  maybe(@CurrentUser() user: DescopeUser | undefined) {
    return { isSignedIn: user !== undefined, username: user?.username ?? null };
  }

  @Roles('admin')
  @Get('admin')
  admin(@CurrentUser('username') username: string) {
    return { message: 'Only admins may read this.', username };
  }

  /** The role counts in the tenant of the path; the project's own role `admin` is another one. */
  @Tenant({ from: 'param:tenantId' })
  @Roles('admin', { tenant: true })
  @Get('tenants/:tenantId/admin')
  tenantAdmin(@CurrentTenant() tenant: string, @CurrentUser('username') username: string) {
    return { message: "Only this tenant's admins may read this.", tenant, username };
  }

  @Permissions('reports:read')
  @Get('reports')
  reports() {
    return {
      reports: [
        { id: 1, title: 'Sign-ins last week' },
        { id: 2, title: 'Seats by tenant' },
      ],
    };
  }
}
