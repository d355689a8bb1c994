// The first test that a user writes; compiled, it runs under Jest without any configuration.
import 'reflect-metadata';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { DescopeUser } from 'nestjs-descope';
import { createTestDescope } from 'nestjs-descope/testing';
import { AppModule } from './app.module.js';

const descope = createTestDescope();
let app: INestApplication;
let url: string;

beforeAll(async () => {
  const module = await descope.override(Test.createTestingModule({ imports: [AppModule] })).compile();
  app = module.createNestApplication();
  await app.listen(0, '127.0.0.1');
  url = await app.getUrl();
});
afterAll(() => app.close());

it('asks for a session', async () => {
  expect((await fetch(`${url}/me`)).status).toBe(401);
  expect((await fetch(`${url}/me`, { headers: { ...descope.as().bearer } })).status).toBe(200);
  expect((await fetch(`${url}/admin`, { headers: { ...descope.as().bearer } })).status).toBe(403);
});

it('knows the classes of the package', () => {
  expect(typeof DescopeUser).toBe('function');
});
