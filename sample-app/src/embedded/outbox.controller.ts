// GET /embedded/outbox: the e-mails that the embedded Descope did not send.
import { Controller, Get, Header, Res, UseGuards } from '@nestjs/common';
import { Public } from 'nestjs-descope';
import { createNonce, toPolicy } from '../page/policy.js';
import { EmbeddedDescope } from './embedded-descope.js';
import { LoopbackGuard } from './loopback.guard.js';
import { renderOutboxPage } from './outbox-page.js';

const NEWEST = 5;

@Public()
@UseGuards(LoopbackGuard)
@Controller('embedded')
export class OutboxController {
  constructor(private readonly embedded: EmbeddedDescope) {}

  @Get('outbox')
  @Header('content-type', 'text/html; charset=utf-8')
  @Header('refresh', '2') // seconds: a code appears by itself
  show(@Res({ passthrough: true }) response: { header(name: string, value: string): unknown }): string {
    const nonce = createNonce();
    response.header('content-security-policy', toPolicy(nonce));
    const newest = this.embedded.emulator.outbox.all.slice(-NEWEST).reverse();
    return renderOutboxPage(newest, nonce);
  }
}
