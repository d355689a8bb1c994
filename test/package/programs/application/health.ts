// A health endpoint on the version of @nestjs/terminus that goes with the program's Nest.
import 'reflect-metadata';
import { Controller, Get, Inject, Module } from '@nestjs/common';
import { HealthCheck, HealthCheckService, TerminusModule } from '@nestjs/terminus';
import { Test } from '@nestjs/testing';
import { DescopeHealthIndicator, Public } from 'nestjs-descope';
import { createTestDescope } from 'nestjs-descope/testing';
import { AppModule } from './app.module.js';

@Public()
@Controller('health')
class HealthController {
  constructor(
    @Inject(HealthCheckService) private readonly health: HealthCheckService,
    @Inject(DescopeHealthIndicator) private readonly descope: DescopeHealthIndicator,
  ) {}

  @Get()
  @HealthCheck()
  check() {
    return this.health.check([() => this.descope.isHealthy('descope')]);
  }
}

@Module({
  imports: [AppModule, TerminusModule.forRoot({ logger: false })],
  controllers: [HealthController],
})
class HealthyModule {}

async function check(): Promise<void> {
  const descope = createTestDescope();
  const builder = descope.override(Test.createTestingModule({ imports: [HealthyModule] }));
  const app = (await builder.compile()).createNestApplication({ logger: false });
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address() as { port: number };
  const ask = async () => {
    const response = await fetch(`http://127.0.0.1:${port}/health`);
    return { status: response.status, body: (await response.json()) as { info: object; error: object } };
  };
  const up = await ask();
  descope.keysUnavailable();
  const down = await ask();
  await app.close();
  console.log(
    JSON.stringify([
      { status: up.status, info: up.body.info },
      { status: down.status, error: down.body.error },
    ]),
  );
}

void check();
