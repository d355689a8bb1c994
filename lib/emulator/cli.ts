#!/usr/bin/env node
// The command `nestjs-descope-emulator`: starts an emulator, prints how to use it, and ends on a signal.
import { readArguments, USAGE } from './cli-arguments.js';
import type { OutboxMessage } from './controls/recorders.js';
import type { Emulator } from './emulator.js';
import { EmulatorError } from './errors.js';
import { startEmulator } from './start-emulator.js';

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

function toGreeting({ url, projectId, managementKey, loginIds }: Emulator): string {
  return `Descope emulator, for development only: anyone who can reach it can sign in as any user.

  url             ${url}
  project id      ${projectId}
  management key  ${managementKey}
  login ids       ${loginIds.join(', ') || 'none yet; users can sign up'}

Start your application with:

  DESCOPE_BASE_URI=${url} DESCOPE_PROJECT_ID=${projectId} DESCOPE_MANAGEMENT_KEY=${managementKey}

Sign up a user and get a session token ("sessionJwt"):

  curl -s ${url}/v1/auth/password/signup -H "Authorization: Bearer ${projectId}" \\
    -H "Content-Type: application/json" -d '{"loginId":"anna@example.com","password":"Correct-horse-1"}'

Codes and links that Descope would send are printed below. Press Ctrl+C to stop.
`;
}

// The terminal shows what Descope would have sent by mail or phone.
function toLine({ loginId, deliveryMethod, code, link }: OutboxMessage): string {
  return `${deliveryMethod} to ${loginId}: ${code ?? link}\n`;
}

function fail(cause: unknown): void {
  const isMisuse = cause instanceof EmulatorError && cause.code === 'EMULATOR_OPTIONS_INVALID';
  const message = cause instanceof Error ? cause.message : String(cause);
  process.stderr.write(isMisuse ? `${message}\n\n${USAGE}` : `${message}\n`);
  process.exitCode = isMisuse ? 2 : 1;
}

void run(process.argv.slice(2)).catch(fail);
