// A real /health endpoint of @nestjs/terminus, and a strict one beside it.
import { Controller, Get, Inject } from '@nestjs/common';
import { HealthCheck, HealthCheckService } from '@nestjs/terminus';
import { DescopeHealthIndicator, Public } from 'nestjs-descope';

/** The endpoints `/health`, under the name `descope`, and `/health/strict`, under the name `auth`. */
@Public()
@Controller('health')
export class HealthController {
  constructor(
    @Inject(HealthCheckService) private readonly health: HealthCheckService,
    @Inject(DescopeHealthIndicator) private readonly descope: DescopeHealthIndicator,
  ) {}

  @Get()
  @HealthCheck()
  check() {
    return this.health.check([() => this.descope.isHealthy()]);
  }

  @Get('strict')
  @HealthCheck()
  checkStrictly() {
    return this.health.check([() => this.descope.isHealthy('auth', { whenStale: 'down' })]);
  }
}
