// The routes to try: each asks something else of its caller.
import { Controller, Get } from '@nestjs/common';
import { CurrentUser, DescopeUser, OptionalAuth, Permissions, Public, Roles } from 'nestjs-descope';

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
