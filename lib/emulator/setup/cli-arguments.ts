// Reads the command line of `nestjs-descope-emulator`.
import { parseArgs } from 'node:util';
import { EmulatorError } from './errors.js';
import type { EmulatorOptions } from './options.js';

/** What the command says when it is asked for help, or was not understood. */
export const USAGE = `Usage: nestjs-descope-emulator [--port <number>] [--host <address>] [--seed <file>] [--help]

Runs an embedded Descope for development and tests, all in memory.

  --port <number>   the port to listen on; default: any free one
  --host <address>  a loopback address; default: 127.0.0.1
  --seed <file>     a JSON file with users, tenants, roles and accessKeys
  --help            shows this text
`;

/** The options of a command line, or `help`; throws `EMULATOR_OPTIONS_INVALID`. */
export function readArguments(args: readonly string[]): EmulatorOptions | 'help' {
  const { port, host, seed, help } = parse(args);
  if (help) return 'help';
  return {
    ...(port === undefined ? {} : { port: toPort(port) }),
    ...(host === undefined ? {} : { host }),
    ...(seed === undefined ? {} : { seed }),
  };
}

function parse(args: readonly string[]) {
  try {
    const text = { type: 'string' } as const;
    const options = { port: text, host: text, seed: text, help: { type: 'boolean', short: 'h' } } as const;
    return parseArgs({ args: [...args], options, allowPositionals: false }).values;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new EmulatorError('EMULATOR_OPTIONS_INVALID', reason, { cause });
  }
}

function toPort(text: string): number {
  if (/^\d{1,5}$/.test(text)) return Number(text);
  const message = `--port must be a whole number from 0 to 65535, got ${JSON.stringify(text)}`;
  throw new EmulatorError('EMULATOR_OPTIONS_INVALID', message);
}
