// Signs in as a seeded person, and out again: plain forms, no password, this site's own pages only.
import { BadRequestException, Body, Controller, Post, Redirect, Res, UseGuards } from '@nestjs/common';
import { Public } from 'nestjs-descope';
import { EmbeddedDescope, SESSION_SECONDS } from './embedded-descope.js';
import { PEOPLE } from './people.js';
import type { Person } from './people.js';
import { SameOriginGuard } from './same-origin.guard.js';

/** The part of a response that Express and Fastify have in common. */
interface HeaderWriter {
  header(name: string, value: string): unknown;
}

const COOKIE = 'Path=/; HttpOnly; SameSite=Lax'; // without Secure: the sample speaks plain http on loopback

@Public()
@UseGuards(SameOriginGuard)
@Controller('embedded')
export class EmbeddedSessionController {
  constructor(private readonly embedded: EmbeddedDescope) {}

  @Post('sign-in')
  @Redirect('/', 303)
  async signIn(@Body() body: unknown, @Res({ passthrough: true }) response: HeaderWriter): Promise<void> {
    const token = await this.embedded.signIn(readPerson(body));
    response.header('set-cookie', `DS=${token}; Max-Age=${SESSION_SECONDS}; ${COOKIE}`);
  }

  @Post('sign-out')
  @Redirect('/', 303)
  signOut(@Res({ passthrough: true }) response: HeaderWriter): void {
    response.header('set-cookie', `DS=; Max-Age=0; ${COOKIE}`);
  }
}

function readPerson(body: unknown): Person {
  const key = typeof body === 'object' && body !== null && 'person' in body ? body.person : undefined;
  const person = PEOPLE.find((candidate) => candidate.key === key);
  if (person !== undefined) return person;
  throw new BadRequestException(`"person" must be one of ${PEOPLE.map((one) => one.key).join(', ')}.`);
}
