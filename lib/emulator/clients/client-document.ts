// Clients that a client-id metadata document describes: the client id is the URL of the document.
import { isObject, readField } from '../http/fields.js';
import { OAuthError } from '../http/oauth-error.js';
import type { InboundAppRecord } from '../store/project.js';
import type { ClientMetadata } from './client-metadata.js';
import { INTERACTIVE_GRANTS, readClientMetadata } from './client-metadata.js';
import { requestDocument } from './document-request.js';

/** A client before it is known which scopes it may be granted. */
export type DescribedClient = Omit<InboundAppRecord, 'permissionsScopes'>;

/** Whether a client id is the URL of a metadata document. */
export function isDocumentUrl(clientId: string): boolean {
  return /^https:\/\//i.test(clientId);
}

/** Fetches and reads the document of a client; throws `invalid_client` with the reason. */
export async function readDocumentClient(clientId: string, onLoopback: boolean): Promise<DescribedClient> {
  const mistake = findUrlMistake(clientId);
  if (mistake !== undefined) throw rejection(`its URL ${mistake}`);
  const document = parse(await fetchText(clientId, onLoopback));
  if (!isObject(document) || readField(document, 'client_id') !== clientId) {
    throw rejection('its client_id is not the URL it was fetched from');
  }
  const method = readField(document, 'token_endpoint_auth_method') ?? 'none';
  if (method !== 'none' || readField(document, 'client_secret') !== undefined) {
    throw rejection('the emulator supports only the token_endpoint_auth_method none there');
  }
  return toDocumentClient(clientId, readClientMetadata(document));
}

/** A client of the token endpoint whose document was read when its code was issued. */
export function toDocumentClient(clientId: string, metadata?: ClientMetadata): DescribedClient {
  return {
    id: clientId,
    clientId,
    name: metadata?.name ?? '',
    callbackUrls: metadata?.redirectUris ?? [],
    grantTypes: metadata?.grantTypes ?? INTERACTIVE_GRANTS,
    registered: true,
    attributesScopes: [],
    tenantIds: [],
    defaultAudience: '',
    isBound: metadata?.isBound ?? false,
    shown: {},
  };
}

// draft-ietf-oauth-client-id-metadata-document, section "Client Identifier".
function findUrlMistake(clientId: string): string | undefined {
  if (clientId.length > 2000 || !URL.canParse(clientId)) return 'cannot be read';
  const url = new URL(clientId);
  if (url.protocol !== 'https:') return 'is not https';
  if (url.username !== '' || url.password !== '') return 'contains a user name';
  if (clientId.includes('#')) return 'has a fragment';
  if (url.pathname === '/') return 'has no path';
  // What is fetched must be what is compared: no dots, backslashes or other spelling that a parser would change.
  return url.href === clientId ? undefined : 'is not in its normal form';
}

async function fetchText(clientId: string, onLoopback: boolean): Promise<string> {
  try {
    return await requestDocument(new URL(clientId), onLoopback);
  } catch (cause) {
    throw rejection(cause instanceof Error ? cause.message : String(cause));
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw rejection('it is not JSON');
  }
}

function rejection(reason: string): OAuthError {
  return new OAuthError('invalid_client', `The metadata document of the client cannot be used: ${reason}`);
}
