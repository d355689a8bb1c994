// The command line of `nestjs-descope-emulator`: its usage text, and its arguments as options.
import { parseArgs } from 'node:util';
import { EmulatorError } from './errors.js';
import type { EmulatorOptions } from './options.js';

/** The text of `--help`, which also follows the message about invalid arguments. */
export const USAGE = `Usage: nestjs-descope-emulator [options]

Runs an embedded Descope for development and tests. All data is in memory.

Options:
  --port <number>              Port to listen on (default: any free port)
  --host <address>             Loopback address to listen on (default: 127.0.0.1)
  --seed <file>                JSON file with users, tenants, roles, accessKeys, inboundApps and fga
  --session-seconds <number>   Lifetime of a session token in seconds (default: 600)
  --refresh-seconds <number>   Lifetime of a refresh token in seconds (default: 2419200, four weeks)
  --refresh-rotation           Issue a new refresh token with each refresh, and reject the old one
  --replay-ends-sign-in        End the whole sign-in when a rotated refresh token is used again
  -h, --help                   Show this text
`;

/** Reads the arguments as options, or as a request for help; throws `EMULATOR_OPTIONS_INVALID`. */
export function readArguments(args: readonly string[]): EmulatorOptions | 'help' {
  const values = parse(args);
  const { port, host, seed } = values;
  if (values.help) return 'help';
  return {
    ...(port === undefined ? {} : { port: toPort(port) }),
    ...(host === undefined ? {} : { host }),
    ...(seed === undefined ? {} : { seed }),
    ...toSeconds('sessionSeconds', values['session-seconds'], '--session-seconds'),
    ...toSeconds('refreshSeconds', values['refresh-seconds'], '--refresh-seconds'),
    ...(values['refresh-rotation'] ? { refreshRotation: true } : {}),
    ...(values['replay-ends-sign-in'] ? { replayEndsSignIn: true } : {}),
  };
}

function parse(args: readonly string[]) {
  try {
    const text = { type: 'string' } as const;
    const flag = { type: 'boolean' } as const;
    const options = {
      port: text,
      host: text,
      seed: text,
      'session-seconds': text,
      'refresh-seconds': text,
      'refresh-rotation': flag,
      'replay-ends-sign-in': flag,
      help: { type: 'boolean', short: 'h' },
    } as const;
    return parseArgs({ args: [...args], options, allowPositionals: false }).values;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new EmulatorError('EMULATOR_OPTIONS_INVALID', reason, { cause });
  }
}

function toSeconds(name: string, text: string | undefined, option: string): Record<string, number> {
  if (text === undefined) return {};
  if (/^[1-9]\d{0,9}$/.test(text)) return { [name]: Number(text) };
  const message = `${option} must be a positive whole number of seconds, got ${JSON.stringify(text)}`;
  throw new EmulatorError('EMULATOR_OPTIONS_INVALID', message);
}

function toPort(text: string): number {
  if (/^\d{1,5}$/.test(text)) return Number(text);
  const message = `--port must be a whole number from 0 to 65535, got ${JSON.stringify(text)}`;
  throw new EmulatorError('EMULATOR_OPTIONS_INVALID', message);
}
