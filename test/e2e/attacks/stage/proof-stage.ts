// A small application that accepts bound tokens, on the Descope of a stage.
import type { CanActivate } from '@nestjs/common';
import { Controller, Get, Injectable, Post } from '@nestjs/common';
import { CurrentUser, DescopeModule, OptionalAuth, Public, Roles } from 'nestjs-descope';
import { AnyOf } from 'nestjs-descope/access';
import { Dpop } from 'nestjs-descope/dpop';
import type { AdapterName } from '../../../support/application.js';
import { start } from '../../../support/application.js';
import type { Stage } from './stage.js';
import { startStage } from './stage.js';

/** Where the application says that it is. */
export const PUBLIC_ORIGIN = 'https://api.example.com';

@Injectable()
class OpenGuard implements CanActivate {
  canActivate() {
    return true;
  }
}

@Controller()
class BoundController {
  @Get('me') me(@CurrentUser('id') id: string) {
    return { id };
  }

  @Post('me') change(@CurrentUser('id') id: string) {
    return { id };
  }

  @Dpop() @Get('payments') pay(@CurrentUser('id') id: string) {
    return { id };
  }

  @OptionalAuth() @Get('home') home(@CurrentUser('id') id?: string) {
    return { id: id ?? null };
  }

  @AnyOf(Roles('admin'), OpenGuard) @Get('own') own(@CurrentUser('id') id?: string) {
    return { id: id ?? null };
  }

  @Public() @Get('public') open() {
    return {};
  }
}

/** Starts the stage with this application in place of the sample application. */
export async function startProofStage(adapter: AdapterName): Promise<Stage> {
  const stage = await startStage(adapter);
  const { projectId, url: baseUrl } = stage.emulator;
  const options = {
    ...{ projectId, baseUrl, audience: null, publicOrigin: PUBLIC_ORIGIN, session: { refresh: true } },
    dpop: { replay: 'per-instance' },
  } as const;
  const imports = [DescopeModule.forRoot(options)];
  const application = await start(adapter, {
    imports,
    controllers: [BoundController],
    providers: [OpenGuard],
  });
  const close = async () => {
    await application.close();
    await stage.close();
  };
  return { ...stage, url: application.url, close };
}
