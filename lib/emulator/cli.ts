#!/usr/bin/env node
// The command `nestjs-descope-emulator`: starts an emulator, says how to use it, ends on a signal.
import { parseArgs } from 'node:util';
import type { OutboxMessage } from './controls/recorders.js';
import type { Emulator } from './emulator.js';
import { startEmulator } from './emulator.js';
import { EmulatorError } from './errors.js';
import type { EmulatorOptions } from './options.js';

async function run(args: readonly string[]): Promise<void> {
  const options = readArguments(args);
  if (options === 'help') {
    process.stdout.write(USAGE);
    return;
  }
  const emulator = await startEmulator(options);
  process.stdout.write(toGreeting(emulator));
  emulator.outbox.onMessage((message) => process.stdout.write(toLine(message)));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void emulator.close());
  }
}

// Nobody else can see what would have been mailed.
function toLine({ loginId, deliveryMethod, code, link }: OutboxMessage): string {
  return `${deliveryMethod} to ${loginId}: ${code ?? link}\n`;
}

function fail(cause: unknown): void {
  const isMisuse = cause instanceof EmulatorError && cause.code === 'EMULATOR_OPTIONS_INVALID';
  const message = cause instanceof Error ? cause.message : String(cause);
  process.stderr.write(isMisuse ? `${message}\n\n${USAGE}` : `${message}\n`);
  process.exitCode = isMisuse ? 2 : 1;
}

function toGreeting({ url, projectId, managementKey, loginIds }: Emulator): string {
  return `Descope emulator, for development only: anyone who reaches it can sign in as anybody.

  url             ${url}
  project id      ${projectId}
  management key  ${managementKey}
  login ids       ${loginIds.join(', ') || 'none; sign-up is open'}

Start your application with:

  DESCOPE_BASE_URI=${url} DESCOPE_PROJECT_ID=${projectId} DESCOPE_MANAGEMENT_KEY=${managementKey}

A session token ("sessionJwt") of a new user:

  curl -s ${url}/v1/auth/password/signup -H "Authorization: Bearer ${projectId}" \\
    -H "Content-Type: application/json" -d '{"loginId":"anna@example.com","password":"Correct-horse-1"}'

Codes and links that it would have sent are printed below.
`;
}

// Reads the command line of `nestjs-descope-emulator`.

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

void run(process.argv.slice(2)).catch(fail);
