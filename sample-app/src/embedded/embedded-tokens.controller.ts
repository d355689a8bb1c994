// Signs in as a seeded person, without a password: hands tokens to this site's own pages, which then store them.
import { BadRequestException, Body, Controller, Post, UseGuards } from '@nestjs/common';
import { Public } from 'nestjs-descope';
import { EmbeddedDescope } from './embedded-descope.js';
import type { Person } from './people.js';
import { PEOPLE } from './people.js';
import { SameOriginGuard } from './same-origin.guard.js';

@Public()
@UseGuards(SameOriginGuard)
@Controller('embedded')
export class EmbeddedTokensController {
  constructor(private readonly embedded: EmbeddedDescope) {}

  /** Takes `{ "person": "ada" }`; gives what `POST /auth/store_jwt` takes. */
  @Post('tokens')
  async create(@Body() body: unknown) {
    const { sessionJwt, refreshJwt } = await this.embedded.signIn(readPerson(body));
    return { sessionJwt, refreshJwt };
  }
}

function readPerson(body: unknown): Person {
  const key = typeof body === 'object' && body !== null && 'person' in body ? body.person : undefined;
  const person = PEOPLE.find((candidate) => candidate.key === key);
  if (person !== undefined) return person;
  throw new BadRequestException(`"person" must be one of ${PEOPLE.map((one) => one.key).join(', ')}.`);
}
