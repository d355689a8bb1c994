// The client of a request: an inbound app, one that registered itself, or one that a metadata document describes.
import { timingSafeEqual } from 'node:crypto';
import { readString } from '../http/fields.js';
import type { Call, ClientCredential } from '../http/message.js';
import { OAuthError } from '../http/oauth-error.js';
import { scopesOf } from '../oauth/authorization-server.js';
import type { ProjectState } from '../project-state.js';
import type { InboundAppRecord } from '../store/project.js';
import { toDigest } from '../store/records.js';
import { isDocumentUrl, readDocumentClient, toDocumentClient } from './client-document.js';

/** The fields of a client that authenticates in the body. */
export const CLIENT_FIELDS = 'client_id client_secret';

/** Finds the client of an authorization request, and fetches its metadata document; throws `invalid_client`. */
export async function requireClient(
  state: ProjectState,
  clientId: string,
  serverId: string | undefined,
): Promise<InboundAppRecord> {
  const app = findApp(state, clientId, serverId);
  if (app) return app;
  if (!isDocumentUrl(clientId)) throw new OAuthError('invalid_client', 'The client is unknown here');
  const client = await readDocumentClient(clientId, state.onLoopback);
  return { ...client, permissionsScopes: scopesOf(state, serverId) };
}

/** Authenticates the client of a token or revocation request; throws `invalid_client`. */
export function authenticateClient(
  call: Call,
  state: ProjectState,
  serverId: string | undefined,
): InboundAppRecord {
  const shown = call.client ?? readPostedClient(call);
  const client = findApp(state, shown.clientId, serverId) ?? findDocumentClient(state, shown, serverId);
  if (client && isAuthentic(shown.clientSecret, client.clientSecret)) return client;
  throw new OAuthError('invalid_client', 'The client is unknown, or its secret is missing or wrong');
}

// A client that registered itself is known only where it did (RFC 6749 section 2.2).
function findApp(
  { project }: ProjectState,
  clientId: string,
  serverId: string | undefined,
): InboundAppRecord | undefined {
  const app = project.inboundApps.all.find((candidate) => candidate.clientId === clientId);
  return app?.registered && app.serverId !== serverId ? undefined : app;
}

// Its code or refresh token says what it was granted; the document is not fetched again.
function findDocumentClient(
  state: ProjectState,
  { clientId }: ClientCredential,
  serverId: string | undefined,
): InboundAppRecord | undefined {
  if (!isDocumentUrl(clientId)) return undefined;
  return { ...toDocumentClient(clientId), permissionsScopes: scopesOf(state, serverId) };
}

function readPostedClient({ body }: Call): ClientCredential {
  return {
    clientId: readString(body, 'client_id') ?? '',
    clientSecret: readString(body, 'client_secret') ?? '',
  };
}

// A public client has no secret, and one that sends a secret is not it.
function isAuthentic(given: string, wanted: string | undefined): boolean {
  if (wanted === undefined) return given === '';
  return timingSafeEqual(Buffer.from(toDigest(given)), Buffer.from(toDigest(wanted)));
}
