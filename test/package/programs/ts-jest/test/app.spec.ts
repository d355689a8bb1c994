// An application on the emulator that the global setup started: the environment points at it.
import 'reflect-metadata';
import { Controller, Get, Module } from '@nestjs/common';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { CurrentUser, DescopeModule, DescopeUser } from 'nestjs-descope';

@Controller()
class MeController {
  @Get('me')
  me(@CurrentUser() user: DescopeUser) {
    return { id: user.id };
  }
}

@Module({ imports: [DescopeModule.forRoot()], controllers: [MeController] })
class AppModule {}

let app: INestApplication;

beforeAll(async () => {
  app = await NestFactory.create(AppModule, { logger: false });
  await app.listen(0, '127.0.0.1');
});
afterAll(() => app.close());

it('accepts a user whom the emulator has signed in', async () => {
  const signedIn = await fetch(`${process.env.DESCOPE_BASE_URI}/v1/auth/password/signin`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${process.env.DESCOPE_PROJECT_ID}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({ loginId: 'anna@example.com', password: 'Correct-horse-1' }),
  });
  const { sessionJwt } = (await signedIn.json()) as { sessionJwt: string };
  const url = await app.getUrl();
  expect((await fetch(`${url}/me`)).status).toBe(401);
  expect((await fetch(`${url}/me`, { headers: { authorization: `Bearer ${sessionJwt}` } })).status).toBe(200);
});
