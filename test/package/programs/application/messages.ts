// gRPC: the metadata's authorization decides, and rejections are gRPC's own.
import 'reflect-metadata';
import { Metadata, credentials, loadPackageDefinition } from '@grpc/grpc-js';
import type { ServiceClientConstructor, ServiceError } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { Controller } from '@nestjs/common';
import { GrpcMethod, Transport } from '@nestjs/microservices';
import type { MicroserviceOptions } from '@nestjs/microservices';
import { Test } from '@nestjs/testing';
import { CurrentUser, DescopeModule, Roles } from 'nestjs-descope';
import { microserviceTransport } from 'nestjs-descope/microservices';
import { createTestDescope } from 'nestjs-descope/testing';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PROTO = `syntax = "proto3";
package notes;
service Notes {
  rpc Who (Question) returns (Answer);
  rpc Remove (Question) returns (Answer);
}
message Question { string authorization = 1; }
message Answer { string text = 1; }
`;

@Controller()
class NotesController {
  @GrpcMethod('Notes')
  who(_question: object, @CurrentUser('id') id: string) {
    return { text: id };
  }

  @Roles('admin')
  @GrpcMethod('Notes')
  remove() {
    return { text: 'removed' };
  }
}

type Call = (
  question: object,
  metadata: Metadata,
  done: (error: ServiceError | null, answer: { readonly text: string }) => void,
) => void;

async function check(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'notes-'));
  const protoPath = join(folder, 'notes.proto');
  writeFileSync(protoPath, PROTO);
  const descope = createTestDescope();
  const imports = [DescopeModule.forRoot({ transports: [microserviceTransport] })];
  const metadata = { imports, controllers: [NotesController] };
  const module = await descope.override(Test.createTestingModule(metadata)).compile();
  const url = `127.0.0.1:${await findPort()}`;
  const app = module.createNestMicroservice<MicroserviceOptions>({
    transport: Transport.GRPC,
    options: { url, package: 'notes', protoPath },
    logger: false,
  });
  await app.listen();
  const loaded = loadPackageDefinition(loadSync(protoPath)) as unknown as {
    readonly notes: { readonly Notes: ServiceClientConstructor };
  };
  const client = new loaded.notes.Notes(url, credentials.createInsecure());
  const calls = client as unknown as { readonly who: Call; readonly remove: Call };
  const ask = (name: 'who' | 'remove', token?: string, question = {}) =>
    new Promise<string>((resolve) => {
      const sent = new Metadata();
      if (token !== undefined) sent.add('authorization', `Bearer ${token}`);
      calls[name](question, sent, (error, answer) =>
        resolve(error === null ? answer.text : `${error.code} ${error.details.split(':')[0]}`),
      );
    });
  const { token } = descope.as({ sub: 'U2anna' });
  const answers = {
    bearer: await ask('who', token),
    nobody: await ask('who'),
    payload: await ask('who', undefined, { authorization: `Bearer ${token}` }),
    plain: await ask('remove', token),
    admin: await ask('remove', descope.as({ roles: ['admin'] }).token),
  };
  client.close();
  await app.close();
  rmSync(folder, { recursive: true });
  console.log(JSON.stringify(answers));
}

async function findPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

void check();
