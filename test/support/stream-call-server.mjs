// A gRPC server of Nest alone, whose guard rejects a handler of @GrpcStreamCall(); says its port, and lives if it can.
import 'reflect-metadata';
import { Controller, Module, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { GrpcStreamCall, RpcException, Transport } from '@nestjs/microservices';

class Rejecting {
  canActivate() {
    throw new RpcException({ code: 16, message: 'rejected' });
  }
}

class NotesController {
  talk(call) {
    call.end();
  }
}
const method = Object.getOwnPropertyDescriptor(NotesController.prototype, 'talk');
GrpcStreamCall('Notes')(NotesController.prototype, 'talk', method);
UseGuards(Rejecting)(NotesController.prototype, 'talk', method);
Controller()(NotesController);

class AppModule {}
Module({ controllers: [NotesController] })(AppModule);

const [url] = process.argv.slice(2);
const options = { url, package: 'notes', protoPath: 'test/e2e/transports/notes.proto' };
const app = await NestFactory.createMicroservice(AppModule, {
  transport: Transport.GRPC,
  options,
  logger: false,
});
await app.listen();
console.log('listening');
