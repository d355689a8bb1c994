// Signs in as a seeded person, without a password: for this site's own pages, and for a terminal on this machine.
import {
  BadRequestException,
  Body,
  Controller,
  Get,
  Header,
  NotFoundException,
  Param,
  Post,
  Res,
  UseGuards,
} from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { Public } from 'nestjs-descope';
import { EmbeddedDescope } from './embedded-descope.js';
import { LoopbackGuard } from './loopback.guard.js';
import type { Person } from './people.js';
import { findPerson, PEOPLE } from './people.js';
import { SameOriginGuard } from './same-origin.guard.js';

const TEXT = 'text/plain; charset=utf-8';
const MAX_SECONDS = 60;

@Public()
@ApiExcludeController()
@Controller('embedded')
export class EmbeddedTokensController {
  constructor(private readonly embedded: EmbeddedDescope) {}

  /**
   * Takes `{ "person": "ada" }`; gives what `POST /auth/store_jwt` takes. With `"seconds": 5` the session expires soon,
   * to be seen refreshed.
   */
  @UseGuards(SameOriginGuard)
  @Post('tokens')
  async create(@Body() body: unknown) {
    const { sessionJwt, refreshJwt } = await this.embedded.signIn(readPerson(body), readSeconds(body));
    return { sessionJwt, refreshJwt };
  }

  /** The access key of the machine, for the page that tries it. */
  @UseGuards(SameOriginGuard)
  @Post('access-key')
  createKey() {
    return { accessKey: this.embedded.accessKey };
  }

  /** A session token as text: `ADA=$(curl -s …/embedded/tokens/ada)`. */
  @UseGuards(LoopbackGuard)
  @Get('tokens/:person')
  async show(
    @Param('person') key: string,
    @Res({ passthrough: true }) response: { header(name: string, value: string): unknown },
  ): Promise<string> {
    const person = findPerson(key);
    if (person === undefined) throw new NotFoundException(unknownPerson('The person'));
    response.header('content-type', TEXT);
    return (await this.embedded.signIn(person)).sessionJwt;
  }

  /** The access key as text. */
  @UseGuards(LoopbackGuard)
  @Get('access-key')
  @Header('content-type', TEXT)
  showKey(): string {
    return this.embedded.accessKey;
  }
}

function readPerson(body: unknown): Person {
  const person = findPerson(readMember(body, 'person'));
  if (person !== undefined) return person;
  throw new BadRequestException(unknownPerson('"person"'));
}

function readSeconds(body: unknown): number | undefined {
  const seconds = readMember(body, 'seconds');
  if (seconds === undefined) return undefined;
  if (typeof seconds === 'number' && Number.isInteger(seconds) && seconds >= 1 && seconds <= MAX_SECONDS)
    return seconds;
  throw new BadRequestException(`"seconds" must be a whole number from 1 to ${MAX_SECONDS}.`);
}

function readMember(body: unknown, name: string): unknown {
  return typeof body === 'object' && body !== null && Object.hasOwn(body, name)
    ? (body as Record<string, unknown>)[name]
    : undefined;
}

function unknownPerson(what: string): string {
  return `${what} must be one of ${PEOPLE.map((one) => one.key).join(', ')}.`;
}
