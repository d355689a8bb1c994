// GET /: the page that shows who one is.
import { Controller, Get, Header, Optional, Res } from '@nestjs/common';
import { CurrentSession, DescopeSession, OptionalAuth } from 'nestjs-descope';
import { EmbeddedDescope } from '../embedded/embedded-descope.js';
import { createNonce, toPolicy } from './policy.js';
import { renderStartPage } from './start-page.js';

@Controller()
export class StartPageController {
  constructor(@Optional() private readonly embedded?: EmbeddedDescope) {}

  @OptionalAuth()
  @Get()
  @Header('content-type', 'text/html; charset=utf-8')
  show(
    @CurrentSession() session: DescopeSession,
    @Res({ passthrough: true }) response: { header(name: string, value: string): unknown },
  ): string {
    const nonce = createNonce();
    response.header('content-security-policy', toPolicy(nonce));
    return renderStartPage({ session, nonce, isEmbedded: this.embedded !== undefined });
  }
}
