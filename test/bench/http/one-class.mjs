// Nest on Express with one hidden class for all requests: Node makes them with the prototype that Express would give them.
import { createServer, IncomingMessage, ServerResponse } from 'node:http';
import { ExpressAdapter } from '@nestjs/platform-express';

/**
 * Express changes the prototype of each request and response, and V8 gives what was changed hidden classes of its own. An
 * object that has its prototype from the start keeps the class of its like.
 */
export class OneClassAdapter extends ExpressAdapter {
  initHttpServer() {
    class OwnRequest extends IncomingMessage {}
    class OwnResponse extends ServerResponse {}
    const express = this.getInstance();
    express.request = Object.setPrototypeOf(OwnRequest.prototype, express.request);
    express.response = Object.setPrototypeOf(OwnResponse.prototype, express.response);
    this.httpServer = createServer({ IncomingMessage: OwnRequest, ServerResponse: OwnResponse }, express);
  }
}
