// Before handlers of @GrpcStreamCall() a rejection ends the process: the boot lets none stand there that is not public.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import type { ClientDuplexStream, ServiceClientConstructor, ServiceError } from '@grpc/grpc-js';
import { credentials, loadPackageDefinition, Metadata } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { INestMicroservice, Type } from '@nestjs/common';
import { Controller, UseGuards } from '@nestjs/common';
import type { MicroserviceOptions } from '@nestjs/microservices';
import { GrpcStreamCall, GrpcStreamMethod, Transport } from '@nestjs/microservices';
import { Test } from '@nestjs/testing';
import type { DescopeModuleOptions } from 'nestjs-descope';
import { AuthGuard, DescopeModule, OptionalAuth, Public, Roles } from 'nestjs-descope';
import { microserviceTransport } from 'nestjs-descope/microservices';
import { createTestDescope } from 'nestjs-descope/testing';
import { start } from '../../support/application.js';

const PROTO = 'test/e2e/transports/notes.proto';

interface Call {
  write(answer: object): void;
  end(): void;
}

@Controller()
class PlainController {
  @GrpcStreamCall('Notes') talk() {}
}

@Controller()
class DemandingController {
  @Roles('admin') @GrpcStreamCall('Notes') talk() {}
}

@Controller()
class GuardedController {
  @UseGuards(AuthGuard) @GrpcStreamCall('Notes') talk() {}
}

@Controller()
class OptionalController {
  @OptionalAuth() @GrpcStreamCall('Notes') talk() {}
}

@Controller()
class PublicController {
  @Public()
  @GrpcStreamCall('Notes')
  talk(call: Call) {
    call.write({ text: 'open' });
    call.end();
  }
}

@UseGuards(AuthGuard)
@Controller()
class MethodController {
  @GrpcStreamMethod('Notes') talk() {}
}

async function findUrl(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `127.0.0.1:${port}`;
}

/** Says something, and gives what comes back: an answer, or an error. */
async function talk(url: string): Promise<unknown> {
  const { notes } = loadPackageDefinition(loadSync(PROTO)) as unknown as {
    readonly notes: { readonly Notes: ServiceClientConstructor };
  };
  const client = new notes.Notes(url, credentials.createInsecure());
  const call = (client['talk'] as (metadata: Metadata) => ClientDuplexStream<object, object>).call(
    client,
    new Metadata(),
  );
  const heard = new Promise<unknown>((resolve) => {
    call.once('data', resolve).on('error', (error: ServiceError) => resolve(error.code));
  });
  call.write({});
  const answer = await heard;
  client.close();
  return answer;
}

describe('A handler of @GrpcStreamCall()', () => {
  const descope = createTestDescope();
  const opened: INestMicroservice[] = [];
  afterEach(async () => {
    for (const app of opened.splice(0)) await app.close();
  });

  const listen = async (controller: Type, options: DescopeModuleOptions = {}) => {
    const url = await findUrl();
    const metadata = {
      imports: [DescopeModule.forRoot({ transports: [microserviceTransport], ...options })],
      controllers: [controller],
    };
    const module = await descope.override(Test.createTestingModule(metadata)).compile();
    const app = module.createNestMicroservice<MicroserviceOptions>({
      transport: Transport.GRPC,
      options: { url, package: 'notes', protoPath: PROTO },
      logger: false,
    });
    await app.listen();
    opened.push(app);
    return url;
  };

  it('ends the process of Nest where a guard rejects', async () => {
    const url = await findUrl();
    const server = spawn(process.execPath, ['test/support/stream-call-server.mjs', url], {
      env: { ...process.env, NODE_OPTIONS: '' },
    });
    await once(server.stdout, 'data');
    const [answer, [code]] = await Promise.all([talk(url), once(server, 'exit')]);
    expect([answer, code]).toEqual([14, 1]); // UNAVAILABLE: the connection was dropped
  });

  it.each<[string, Type, DescopeModuleOptions]>([
    ['the global guard stands before it', PlainController, {}],
    ['it demands something', DemandingController, { globalGuard: false }],
    ['it has a guard of its own', GuardedController, { globalGuard: false }],
    ['a bad token could be rejected', OptionalController, {}],
  ])('stops the boot where %s', async (_why, controller, options) => {
    await expect(listen(controller, options)).rejects.toMatchObject({
      code: 'CONFIG_DEMAND_UNGUARDED',
      message: expect.stringMatching(
        new RegExp(`^${controller.name}\\.talk .*@GrpcStreamMethod\\(\\).*@Public`),
      ),
    });
  });

  it('stops that of a hybrid application too, which may inherit the guard', async () => {
    const metadata = { imports: [DescopeModule.forRoot()], controllers: [PlainController] };
    const options = { override: descope.override.bind(descope) };
    await expect(start('express', metadata, options)).rejects.toMatchObject({
      message: expect.stringContaining('PlainController.talk'),
    });
  });

  it('may be public, and is answered', async () => {
    expect(await talk(await listen(PublicController))).toEqual({ text: 'open' });
  });

  it('is left alone where nobody would reject, and so is @GrpcStreamMethod()', async () => {
    await listen(PlainController, { globalGuard: false });
    await listen(MethodController);
  });
});
