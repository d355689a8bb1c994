// Headers of every answer: it depends on who asks, and is what it says it is.
import type { IncomingMessage, ServerResponse } from 'node:http';

/** Sets them; a middleware for both adapters. */
export function setSafeHeaders(_request: IncomingMessage, response: ServerResponse, next: () => void): void {
  response.setHeader('cache-control', 'no-store');
  response.setHeader('x-content-type-options', 'nosniff');
  response.setHeader('referrer-policy', 'same-origin'); // with no-referrer, forms would be posted with "Origin: null"
  next();
}
