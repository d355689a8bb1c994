// The adapter of docs/benchmarks-express.md: Express, with one hidden class for all requests.
import { createServer, IncomingMessage, ServerResponse } from 'node:http';
import { ExpressAdapter } from '@nestjs/platform-express';
import type { Express } from 'express';

export class OneClassAdapter extends ExpressAdapter {
  override initHttpServer(): void {
    class OwnRequest extends IncomingMessage {}
    class OwnResponse extends ServerResponse {}
    const express = this.getInstance<Express>();
    express.request = Object.setPrototypeOf(OwnRequest.prototype, express.request);
    express.response = Object.setPrototypeOf(OwnResponse.prototype, express.response);
    this.httpServer = createServer({ IncomingMessage: OwnRequest, ServerResponse: OwnResponse }, express);
  }
}
