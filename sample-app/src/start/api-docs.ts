// Swagger UI at /docs: its document says what the access map says. No guard sees this page, as no static file.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { applyDescopeSecurity } from 'nestjs-descope/inspect';
import type { Application } from './application.js';

const PATH = 'docs';

/** Adds the page and, at `/docs-json`, the document; it is made when it is first asked for. */
export function addApiDocs(app: Application): void {
  const outline = new DocumentBuilder().setTitle('nestjs-descope sample app').setVersion('1').build();
  app.use(`/${PATH}`, setPolicy);
  const toDocument = () => applyDescopeSecurity(SwaggerModule.createDocument(app, outline), app);
  SwaggerModule.setup(PATH, app, toDocument);
}

// Swagger UI writes styles into its page, and shows images of data.
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

function setPolicy(_request: IncomingMessage, response: ServerResponse, next: () => void): void {
  response.setHeader('content-security-policy', POLICY);
  next();
}
