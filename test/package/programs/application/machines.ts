// Machines on both sides, streams that end with the session, the access map and what is made of it.
import 'reflect-metadata';
import { Controller, Get, Module, Sse } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  Accepts,
  CurrentSession,
  CurrentUser,
  DescopeM2mClient,
  DescopeModule,
  DescopeSession,
  DescopeUser,
  Public,
  Roles,
} from 'nestjs-descope';
import { applyDescopeSecurity, describeAccess, verifyAccessNames } from 'nestjs-descope/inspect';
import { untilSessionEnds } from 'nestjs-descope/websockets';
import { startEmulator } from 'nestjs-descope/emulator';
import { NEVER, concat, of } from 'rxjs';

const ROBOT = 'K2robotrobotrobotrobotrobotrobotSECRETsecret01';

@Controller()
class MachinesController {
  @Accepts('access-key')
  @Roles('editor')
  @Get('work')
  work(@CurrentUser() user: DescopeUser) {
    return { text: user.kind };
  }

  @Roles('is_staff') // which the project does not know
  @Get('never')
  never() {}

  @Sse('news')
  news(@CurrentSession() session: DescopeSession) {
    return concat(of({ data: 'first' }), NEVER).pipe(untilSessionEnds(session));
  }

  @Public()
  @Get('open')
  open() {
    return { text: 'open' };
  }
}

async function check(): Promise<void> {
  const seed = { accessKeys: [{ name: 'robot', cleartext: ROBOT, roles: ['editor'] }] };
  const emulator = await startEmulator({ seed });
  const { projectId, url: baseUrl, managementKey } = emulator;
  @Module({
    imports: [DescopeModule.forRoot({ projectId, baseUrl, managementKey, accessKeys: true })],
    controllers: [MachinesController],
  })
  class MachinesModule {}
  const app = await NestFactory.create(MachinesModule, { logger: false });
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address() as { port: number };
  const origin = `http://127.0.0.1:${port}`;
  const ask = async (path: string, authorization = '', using: typeof fetch = fetch) => {
    const headers: Record<string, string> = authorization === '' ? {} : { authorization };
    const { code, text } = (await (await using(origin + path, { headers })).json()) as Record<string, string>;
    return code ?? text;
  };
  const user = { sub: 'U2anna', amr: ['email'] };
  const authorization = `Bearer ${await emulator.signToken({ claims: user })}`;
  const watch = async () => {
    const brief = { ...user, exp: Math.floor(Date.now() / 1000) + 3 }; // made just before it is used, on a slow day too
    const headers = { authorization: `Bearer ${await emulator.signToken({ claims: brief })}` };
    return (await fetch(`${origin}/news`, { headers })).text(); // it ends
  };
  const machine = app.get(DescopeM2mClient).createFetch({ accessKey: ROBOT }, { origins: [origin] });
  const paths = { '/work': { get: { responses: {} } }, '/open': { get: { responses: {} } } };
  const { work, open } = toOperations(applyDescopeSecurity({ openapi: '3.0.0', paths }, app));
  const answers = {
    key: await ask('/work', `Bearer ${ROBOT}`),
    again: await ask('/work', `Bearer ${ROBOT}`),
    unknownKey: await ask('/work', `Bearer ${ROBOT.replace('SECRET', 'GUESS0')}`),
    user: await ask('/work', authorization),
    machine: await ask('/work', '', machine),
    exchanges: emulator.requests.count('/v1/auth/accesskey/exchange'), // one incoming of each key, one outgoing
    noStream: await ask('/news'),
    stream: /data: (.*)/.exec(await watch())?.[1],
    map: describeAccess(app).map(({ path, access, guard }) => `${path} ${access} ${guard}`),
    names: await verifyAccessNames(app),
    documented: [Object.keys(work.responses), work.security, open.security],
  };
  await app.close();
  await emulator.close();
  console.log(JSON.stringify(answers));
}

interface Operation {
  readonly responses: object;
  readonly security?: readonly object[];
}

// What was written into them is not in their type.
function toOperations({ paths }: { paths: object }) {
  const written = paths as Record<'/work' | '/open', { readonly get: Operation }>;
  return { work: written['/work'].get, open: written['/open'].get };
}

void check();
