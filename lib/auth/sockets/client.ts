// Closing a client of Socket.IO or of `ws`, and hearing of its end.
import { readConsequence } from '../../core/errors.js';
import { toHttpRefusal } from '../http-error.js';

// RFC 6455 §7.4.1, and the registry's 1011 (internal error) and 1013 (try again later).
const POLICY_VIOLATION = 1008;
const INTERNAL_ERROR = 1011;
const TRY_AGAIN_LATER = 1013;

interface SocketIoClient {
  emit(event: string, data: object): unknown;
  disconnect(close: boolean): unknown;
  once(event: string, listener: () => void): unknown;
}

interface WsClient {
  close(code: number, reason: string): unknown;
  once(event: string, listener: () => void): unknown;
}

/** Tells a client why, as far as that is meant for it, and closes it. */
export function closeClient(client: object, error: unknown): void {
  const body = toHttpRefusal(error)?.exception.getResponse() as { readonly code: string } | undefined;
  if (isSocketIo(client)) {
    if (body !== undefined) client.emit('exception', { status: 'error', ...body });
    client.disconnect(true);
  } else if (isWs(client)) {
    client.close(toCloseCode(error), body?.code ?? '');
  }
}

/** Calls back when a client is gone. */
export function onClose(client: object, run: () => void): void {
  if (isSocketIo(client)) client.once('disconnect', run);
  else if (isWs(client)) client.once('close', run);
}

function toCloseCode(error: unknown): number {
  const consequence = readConsequence(error);
  if (consequence === undefined) return INTERNAL_ERROR;
  return consequence === 'unavailable' ? TRY_AGAIN_LATER : POLICY_VIOLATION;
}

function isSocketIo(client: object): client is SocketIoClient {
  return 'disconnect' in client && typeof client.disconnect === 'function';
}

function isWs(client: object): client is WsClient {
  return 'close' in client && typeof client.close === 'function';
}
