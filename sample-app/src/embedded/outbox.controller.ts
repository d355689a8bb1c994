// GET /embedded/outbox: the e-mails that the embedded Descope did not send.
import { Controller, Get, Header, UseGuards } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { Public } from 'nestjs-descope';
import { PAGE_POLICY } from '../page/policy.js';
import { EmbeddedDescope } from './embedded-descope.js';
import { LoopbackGuard } from './loopback.guard.js';
import { renderOutboxPage } from './outbox-page.js';

const NEWEST = 5;

@Public()
@ApiExcludeController()
@UseGuards(LoopbackGuard)
@Controller('embedded')
export class OutboxController {
  constructor(private readonly embedded: EmbeddedDescope) {}

  @Get('outbox')
  @Header('content-type', 'text/html; charset=utf-8')
  @Header('content-security-policy', PAGE_POLICY)
  @Header('refresh', '2') // seconds: a code appears by itself
  show(): string {
    const newest = this.embedded.emulator.outbox.all.slice(-NEWEST).reverse();
    return renderOutboxPage(newest);
  }
}
