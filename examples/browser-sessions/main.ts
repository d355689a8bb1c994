// Sessions of browsers: a sign-in page, cookies that no script can read, refresh during a request, and sign-out.
import 'reflect-metadata';
import { Controller, Get, Header, Module, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { CurrentUser, DescopeModule, DescopeUser, OptionalAuth, Roles } from 'nestjs-descope';
import { startEmulator } from 'nestjs-descope/emulator';

const { PORT = '3000', EMULATOR_PORT = '4400' } = process.env;

const emulator = await startEmulator({
  port: Number(EMULATOR_PORT),
  sessionSeconds: 60, // short, to see the session refreshed
  seed: { roles: [{ name: 'admin' }], users: [{ loginId: 'ada@example.com', roles: ['admin'] }] },
});
emulator.outbox.onMessage(({ loginId, code }) => console.log(`Code for ${loginId}: ${code}`));

const SIGNED_OUT = '<p>You are signed out. <a href="/auth/login">Sign in</a></p>';
const SIGNED_IN = `<p>You are signed in. <a href="/me">Who am I?</a> <button>Sign out</button></p>
<script>
  document.querySelector('button').onclick = async () => {
    await fetch('/auth/logout', { method: 'POST' });
    location.reload();
  };
</script>`;

@Controller()
class PagesController {
  @OptionalAuth()
  @Get()
  @Header('content-type', 'text/html; charset=utf-8')
  home(@CurrentUser() user: DescopeUser | undefined) {
    return `<!doctype html><title>Browser sessions</title>${user ? SIGNED_IN : SIGNED_OUT}`;
  }

  @Get('me')
  me(@CurrentUser() user: DescopeUser) {
    return { id: user.id, roles: user.roles };
  }

  @Post('notes') // by cookie, from this site's own pages only
  add() {
    return { isAdded: true };
  }

  @Roles('admin')
  @Get('admin')
  admin() {
    return { message: 'Only admins may read this.' };
  }
}

@Module({
  imports: [
    DescopeModule.forRoot({
      projectId: emulator.projectId,
      baseUrl: emulator.url,
      audience: null,
      session: { refresh: true, store: 'cookies' },
      routes: { path: 'auth', login: { mode: 'strict' }, loginRedirect: true },
    }),
  ],
  controllers: [PagesController],
})
class AppModule {}

const app = await NestFactory.create(AppModule, { logger: ['warn', 'error'] });
await app.listen(Number(PORT), '127.0.0.1');
console.log(await app.getUrl());
