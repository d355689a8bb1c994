// An application that keeps browsers' sessions, on an emulator whose clock it shares.
import type { Provider, Type } from '@nestjs/common';
import { Controller, Get, Post } from '@nestjs/common';
import type { DescopeModuleOptions, DescopeUser } from 'nestjs-descope';
import { CurrentUser, DescopeModule, OptionalAuth, Public } from 'nestjs-descope';
import type { Emulator } from 'nestjs-descope/emulator';
import { startEmulator } from 'nestjs-descope/emulator';
import type { AdapterName, RunningApplication, StartOptions } from './application.js';
import { start } from './application.js';
import { CookieJar } from './cookie-jar.js';

@Controller()
export class PagesController {
  @Get('me')
  me(@CurrentUser() user: DescopeUser) {
    return { id: user.id, email: user.email };
  }

  @Public()
  @Get('public')
  open() {
    return { ok: true };
  }

  @OptionalAuth()
  @Get('maybe')
  maybe(@CurrentUser() user: DescopeUser | undefined) {
    return { id: user?.id ?? null };
  }

  @Post('notes')
  note() {
    return { ok: true };
  }
}

export const ANNA = 'anna@example.com';
export const BOB = 'bob@example.com';
export const TEN_MINUTES = 10 * 60 * 1000;

/** The two together. */
export interface SessionApplication extends RunningApplication {
  readonly emulator: Emulator;
  /** A browser that holds a fresh sign-in. */
  signIn(loginId?: string): Promise<CookieJar>;
  stop(): Promise<void>;
}

/** Starts an emulator with two users. */
export function startDescope(): Promise<Emulator> {
  return startEmulator({
    seed: {
      users: [
        { loginId: ANNA, email: ANNA },
        { loginId: BOB, email: BOB },
      ],
    },
  });
}

/** What a test brings along: an emulator that stays, and what a `main.ts` would do. */
export interface SessionSetup extends Pick<StartOptions, 'configure' | 'logger'> {
  readonly emulator?: Emulator;
  /** Beside the pages that are there anyway. */
  readonly controllers?: Type[];
  readonly providers?: Provider[];
}

/** Starts an application on an emulator. */
export async function startWithSessions(
  adapter: AdapterName,
  options: DescopeModuleOptions = {},
  { emulator, controllers = [], providers = [], ...setup }: SessionSetup = {},
): Promise<SessionApplication> {
  const descope = emulator ?? (await startDescope());
  const { projectId, url: baseUrl, clock } = descope;
  const module = DescopeModule.forRoot({
    projectId,
    baseUrl,
    audience: null,
    clock: () => clock.now(),
    session: { refresh: true },
    ...options,
  });
  const metadata = { imports: [module], controllers: [PagesController, ...controllers], providers };
  const application = await start(adapter, metadata, setup);
  return {
    ...application,
    emulator: descope,
    signIn: async (loginId = ANNA) => {
      const { sessionJwt, refreshJwt } = await descope.signIn(loginId);
      return new CookieJar().set('DS', sessionJwt).set('DSR', refreshJwt);
    },
    stop: async () => {
      await application.close();
      if (emulator === undefined) await descope.close();
    },
  };
}
