// Signs bodies as Descope signs the deliveries of its audit webhook.
import { createHmac } from 'node:crypto';

export const WEBHOOK_SECRET = 'secret-of-the-webhook-connector';

/** Computes the signature of a body. */
export function signBody(body: string | Uint8Array, secret = WEBHOOK_SECRET): string {
  return createHmac('sha256', secret).update(body).digest('base64');
}

/** Builds a request that delivers a body; `signed` if another text was signed. */
export function toDelivery(
  body: string,
  signed: string = body,
  secret = WEBHOOK_SECRET,
): RequestInit & { headers: Record<string, string> } {
  return {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-descope-webhook-s256': signBody(signed, secret) },
    body,
  };
}
