// GET /calls: lines to paste into a terminal, as a script. It holds no token.
import { Controller, Get, Header, Optional } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { Public } from 'nestjs-descope';
import { EmbeddedDescope } from '../embedded/embedded-descope.js';
import { toCallList } from './curl-lines.js';
import { RunningApplication } from './running-application.js';

@Public()
@ApiExcludeController()
@Controller('calls')
export class CallsController {
  constructor(
    private readonly running: RunningApplication,
    @Optional() private readonly embedded?: EmbeddedDescope,
  ) {}

  @Get()
  @Header('content-type', 'text/plain; charset=utf-8')
  list(): string {
    return toCallList(this.running.url, this.embedded !== undefined);
  }
}
