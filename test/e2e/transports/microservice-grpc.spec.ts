// gRPC over a real connection: the metadata's authorization decides, and rejections have gRPC's own codes.
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import type {
  ClientDuplexStream,
  ClientReadableStream,
  ServiceClientConstructor,
  ServiceError,
} from '@grpc/grpc-js';
import { credentials, loadPackageDefinition, Metadata, status } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { INestMicroservice } from '@nestjs/common';
import { Controller } from '@nestjs/common';
import type { MicroserviceOptions } from '@nestjs/microservices';
import { GrpcMethod, GrpcStreamMethod, Payload, Transport } from '@nestjs/microservices';
import { Test } from '@nestjs/testing';
import { CurrentUser, DescopeModule, Public, Roles } from 'nestjs-descope';
import { microserviceTransport } from 'nestjs-descope/microservices';
import { createTestDescope } from 'nestjs-descope/testing';
import type { Observable } from 'rxjs';
import { map, of } from 'rxjs';

const PROTO = 'test/e2e/transports/notes.proto';

@Controller()
class NotesController {
  @GrpcMethod('Notes')
  who(_question: object, _metadata: object, _call: object) {
    return { text: 'known' };
  }

  @Roles('admin')
  @GrpcMethod('Notes')
  remove(@CurrentUser('id') id: string) {
    return { text: id };
  }

  @Public()
  @GrpcMethod('Notes')
  open(@CurrentUser('id') id?: string) {
    return { text: id ?? 'nobody' };
  }

  @GrpcMethod('Notes')
  watch(@CurrentUser('id') id: string) {
    return of({ text: id }, { text: `${id} again` });
  }

  @GrpcStreamMethod('Notes')
  talk(@Payload() questions: Observable<object>, @CurrentUser('id') id: string) {
    return questions.pipe(map(() => ({ text: `heard by ${id}` })));
  }
}

interface Answer {
  readonly text: string;
}
type Unary = (
  question: object,
  metadata: Metadata,
  done: (error: ServiceError | null, answer: Answer) => void,
) => void;
interface NotesClient {
  readonly who: Unary;
  readonly remove: Unary;
  readonly open: Unary;
  watch(question: object, metadata: Metadata): ClientReadableStream<Answer>;
  talk(metadata: Metadata): ClientDuplexStream<object, Answer>;
  close(): void;
}

async function findPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe('AuthGuard before gRPC', () => {
  const descope = createTestDescope();
  const ann = descope.as({ sub: 'ann', roles: ['admin'] });
  let app: INestMicroservice;
  let client: NotesClient;

  beforeAll(async () => {
    const url = `127.0.0.1:${await findPort()}`;
    const metadata = {
      imports: [DescopeModule.forRoot({ transports: [microserviceTransport] })],
      controllers: [NotesController],
    };
    const module = await descope.override(Test.createTestingModule(metadata)).compile();
    app = module.createNestMicroservice<MicroserviceOptions>({
      transport: Transport.GRPC,
      options: { url, package: 'notes', protoPath: PROTO },
      logger: false,
    });
    await app.listen();
    const { notes } = loadPackageDefinition(loadSync(PROTO)) as unknown as {
      readonly notes: { readonly Notes: ServiceClientConstructor };
    };
    client = new notes.Notes(url, credentials.createInsecure()) as unknown as NotesClient;
  });
  afterAll(async () => {
    client.close();
    await app.close();
  });

  const toMetadata = (...pairs: readonly (readonly [string, string])[]) => {
    const metadata = new Metadata();
    for (const [name, value] of pairs) metadata.add(name, value);
    return metadata;
  };
  const bearer = (token = ann.token) => toMetadata(['authorization', `Bearer ${token}`]);
  const call = (name: 'who' | 'remove' | 'open', metadata: Metadata, question = {}) =>
    new Promise<string | { code: number; details: string }>((resolve) =>
      client[name](question, metadata, (error, answer) =>
        resolve(error === null ? answer.text : { code: error.code, details: error.details }),
      ),
    );

  it('accepts a bearer token in the metadata', async () => {
    expect(await call('who', bearer())).toBe('known');
    expect(await call('remove', bearer())).toBe('ann');
    expect(await call('open', bearer())).toBe('nobody');
  });

  it("rejects with gRPC's codes, and the code of the cause in the text", async () => {
    const rejected = (code: number, details: string) => ({ code, details });
    expect(await call('who', toMetadata())).toEqual(
      rejected(status.UNAUTHENTICATED, 'SESSION_MISSING: A session is required.'),
    );
    expect(await call('who', bearer(descope.expired().token))).toEqual(
      rejected(status.UNAUTHENTICATED, 'TOKEN_EXPIRED: The session is not valid.'),
    );
    expect(await call('remove', bearer(descope.as().token))).toEqual(
      rejected(status.PERMISSION_DENIED, 'ACCESS_ROLE_MISSING: This is not allowed.'),
    );
    descope.keysUnavailable();
    expect(await call('who', bearer(descope.as({ sub: 'new' }).token))).toMatchObject({
      code: status.UNAVAILABLE,
    });
    descope.keysAvailable();
  });

  it('takes no token from a payload, and no cookie', async () => {
    const question = { authorization: ann.bearer.authorization };
    expect(await call('who', toMetadata(), question)).toMatchObject({ code: status.UNAUTHENTICATED });
    const cookie = toMetadata(['cookie', ann.cookie.cookie]);
    expect(await call('who', cookie)).toMatchObject({ code: status.UNAUTHENTICATED });
  });

  it('judges a stream when it is opened', async () => {
    const texts: string[] = [];
    for await (const { text } of client.watch({}, bearer()) as AsyncIterable<Answer>) texts.push(text);
    expect(texts).toEqual(['ann', 'ann again']);
    const rejected = await new Promise<ServiceError>((resolve) =>
      client
        .watch({}, toMetadata())
        .on('error', resolve)
        .on('data', () => undefined),
    );
    expect(rejected.code).toBe(status.UNAUTHENTICATED);
  });

  it('judges a stream of questions when it is opened', async () => {
    const talk = client.talk(bearer());
    const heard = new Promise((resolve) => talk.once('data', resolve));
    talk.write({});
    expect(await heard).toEqual({ text: 'heard by ann' });
    talk.end();
    const closed = client.talk(toMetadata());
    const rejected = new Promise<ServiceError>((resolve) => closed.once('error', resolve));
    closed.on('data', () => undefined).write({});
    expect((await rejected).code).toBe(status.UNAUTHENTICATED);
  });
});
