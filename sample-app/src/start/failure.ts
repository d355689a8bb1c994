// Why the sample app cannot start, in words.
import { types } from 'node:util';
import { EmulatorError } from 'nestjs-descope/emulator';

/** One message, without a stack trace. */
export function toFailureText(error: unknown): string {
  const lines = toReason(error).split('\n');
  return `\nThe sample app cannot start.\n${lines.map((line) => `  ${line}\n`).join('')}\n`;
}

function toReason(error: unknown): string {
  if (!types.isNativeError(error)) return String(error);
  if (error instanceof EmulatorError && error.code === 'EMULATOR_IN_PRODUCTION')
    return `${error.message}\nSet DESCOPE_PROJECT_ID to use a Descope project.`;
  return isListenError(error) ? toListenReason(error) : error.message;
}

interface ListenError extends Error {
  readonly code: string;
  readonly address: string;
  readonly port: number;
}

function isListenError(error: Error): error is ListenError {
  return 'syscall' in error && (error.syscall === 'listen' || error.syscall === 'getaddrinfo');
}

function toListenReason({ code, address, port, message }: ListenError): string {
  if (code === 'EADDRINUSE')
    return `Port ${port} of ${address} is taken. Stop what listens there, or set PORT (0 takes any free one).`;
  if (code === 'EACCES') return `Port ${port} may not be listened on by this user. Set PORT to 1024 or more.`;
  return `It cannot listen where HOST says: ${message}`;
}
