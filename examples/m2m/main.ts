// Machines: a service that accepts access keys, and a client of it that gets its tokens by itself.
import 'reflect-metadata';
import { Controller, Get, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { Fetch } from 'nestjs-descope';
import {
  Accepts,
  CurrentUser,
  DescopeM2mClient,
  DescopeModule,
  DescopeUser,
  Public,
  Roles,
} from 'nestjs-descope';
import { startEmulator } from 'nestjs-descope/emulator';

const { PORT = '3000', EMULATOR_PORT = '4400' } = process.env;
const origin = `http://127.0.0.1:${PORT}`;

// Of the emulator only: a real key is shown once by Descope, and belongs into a variable of the environment.
const EXPORTER_KEY = 'K2exporterexporterexporterexSECRETsecret01';
const READER_KEY = 'K2readerreaderreaderreaderreaSECRETsecret02';

const emulator = await startEmulator({
  port: Number(EMULATOR_PORT),
  seed: {
    roles: [{ name: 'exporter' }],
    accessKeys: [
      { name: 'exporter', cleartext: EXPORTER_KEY, roles: ['exporter'] },
      { name: 'reader', cleartext: READER_KEY },
    ],
    users: [{ loginId: 'ada@example.com', roles: ['exporter'] }],
  },
});

@Controller()
class ExportsController {
  @Accepts('access-key') // no person, whatever their roles
  @Roles('exporter')
  @Get('exports')
  exports(@CurrentUser() machine: DescopeUser) {
    return { for: machine.kind, rows: [1, 2, 3] };
  }
}

@Controller()
class ReportsController {
  readonly #fetch: Fetch;

  constructor(client: DescopeM2mClient) {
    this.#fetch = client.createFetch({ accessKey: EXPORTER_KEY }, { origins: [origin] });
  }

  /** Calls the other route as a machine: the token is got once, kept, and refreshed ahead of its end. */
  @Public()
  @Get('report')
  async report() {
    return (await this.#fetch(`${origin}/exports`)).json();
  }
}

@Module({
  imports: [
    DescopeModule.forRoot({
      projectId: emulator.projectId,
      baseUrl: emulator.url,
      audience: null,
      accessKeys: true,
    }),
  ],
  controllers: [ExportsController, ReportsController],
})
class AppModule {}

const app = await NestFactory.create(AppModule, { logger: ['warn', 'error'] });
await app.listen(Number(PORT), '127.0.0.1');
console.log(await app.getUrl());
