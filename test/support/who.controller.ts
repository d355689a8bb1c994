// A controller that tells a caller who they are.
import { Controller, Get } from '@nestjs/common';
import { CurrentUser, DescopeUser, Public } from 'nestjs-descope';

@Controller()
export class WhoController {
  @Get('who')
  who(@CurrentUser() user: DescopeUser) {
    return user;
  }

  @Public()
  @Get('open')
  open() {
    return { open: true };
  }
}

/** The header of a bearer token. */
export function bearer(token: string): { readonly authorization: string } {
  return { authorization: `Bearer ${token}` };
}
