// The command line of `nestjs-descope-emulator`: its usage text, and its arguments as options.
import { parseArgs } from 'node:util';
import { EmulatorError } from './errors.js';
import type { EmulatorOptions } from './options.js';

/** What the command says when it is asked for help, or was not understood. */
export const USAGE = `Usage: nestjs-descope-emulator [options]

Runs an embedded Descope for development and tests, all in memory.

  --port <number>              the port to listen on; default: any free one
  --host <address>             a loopback address; default: 127.0.0.1
  --seed <file>                a JSON file with users, tenants, roles and accessKeys
  --session-seconds <number>   how long a session token lives; default: 600
  --refresh-seconds <number>   how long a refresh token lives; default: 2419200
  --refresh-rotation           each refresh hands out a new refresh token and rejects the old one
  --replay-ends-sign-in        a refresh token that is shown again after its rotation ends the whole sign-in
  --help                       shows this text
`;

/** The options of a command line, or `help`; throws `EMULATOR_OPTIONS_INVALID`. */
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
