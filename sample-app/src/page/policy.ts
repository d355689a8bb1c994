// What a page of the sample app may do: its own style and script, its own routes, nothing else.
import { randomBytes } from 'node:crypto';

/** Makes a fresh nonce: what allows a page's own style and script to run. */
export function createNonce(): string {
  return randomBytes(16).toString('base64');
}

/** The Content-Security-Policy for a nonce. */
export function toPolicy(nonce: string): string {
  const own = `'nonce-${nonce}'`;
  return [
    "default-src 'none'",
    `script-src ${own}`,
    `style-src ${own}`,
    'img-src data:',
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}
