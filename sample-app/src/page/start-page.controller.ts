// GET /: the page that leads through the application.
import { Controller, Get, Header, Optional } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { CurrentSession, DescopeSession, OptionalAuth } from 'nestjs-descope';
import { EmbeddedDescope } from '../embedded/embedded-descope.js';
import { RunningApplication } from '../start/running-application.js';
import { PAGE_POLICY } from './policy.js';
import { renderStartPage } from './start-page.js';

@ApiExcludeController()
@Controller()
export class StartPageController {
  constructor(
    private readonly running: RunningApplication,
    @Optional() private readonly embedded?: EmbeddedDescope,
  ) {}

  @OptionalAuth()
  @Get()
  @Header('content-type', 'text/html; charset=utf-8')
  @Header('content-security-policy', PAGE_POLICY)
  show(@CurrentSession() session: DescopeSession): string {
    const { accessMap, settings, url } = this.running;
    return renderStartPage({
      session,
      accessMap,
      url,
      sessionStore: settings.sessionStore,
      isEmbedded: this.embedded !== undefined,
    });
  }
}
