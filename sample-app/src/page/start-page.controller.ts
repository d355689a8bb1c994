// GET /: the page that shows who one is.
import { Controller, Get, Header, Optional, Res } from '@nestjs/common';
import { CurrentSession, DescopeSession, OptionalAuth } from 'nestjs-descope';
import { randomBytes } from 'node:crypto';
import { EmbeddedDescope } from '../embedded/embedded-descope.js';
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
    const nonce = randomBytes(16).toString('base64');
    response.header('content-security-policy', toPolicy(nonce));
    return renderStartPage({ session, nonce, isEmbedded: this.embedded !== undefined });
  }
}

function toPolicy(nonce: string): string {
  const own = `'nonce-${nonce}'`;
  return [
    "default-src 'none'",
    `script-src ${own}`,
    `style-src ${own}`,
    'img-src data:',
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}
