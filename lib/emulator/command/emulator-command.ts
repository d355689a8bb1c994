// The command `nestjs-descope emulator`: starts an emulator, prints how to use it, and ends on a signal; or asks one that runs.
import type { LoggedRequest, OutboxMessage } from '../controls/recorders.js';
import type { Emulator } from '../emulator.js';
import { EmulatorError } from '../errors.js';
import { isLoopback } from '../http/caller-options.js';
import type { EmulatorOptions } from '../options.js';
import { startEmulator } from '../start-emulator.js';
import type { WebhookDelivery } from '../webhooks/delivery-queue.js';
import { requestToken, requestVariables, toPlain, toShellWord } from './ask-emulator.js';
import { DEFAULT_PORT, readArguments, USAGE } from './command-arguments.js';

/** Runs the command. Sets the exit status of the process; never rejects. */
export async function runEmulatorCommand(args: readonly string[]): Promise<void> {
  try {
    await run(args);
  } catch (cause) {
    fail(cause);
  }
}

async function run(args: readonly string[]): Promise<void> {
  const task = readArguments(args);
  if (task.kind === 'help') process.stdout.write(USAGE);
  else if (task.kind === 'token') process.stdout.write(`${await requestToken(task.loginId, task.url)}\n`);
  else if (task.kind === 'env') process.stdout.write(await requestVariables(task.url));
  else await start(task.options);
}

async function start(options: EmulatorOptions): Promise<void> {
  const emulator = await startEmulator(options);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void emulator.close());
  }
  emulator.outbox.onMessage((message) => process.stdout.write(toLine(message)));
  emulator.requests.onIgnored(toIgnoredPrinter());
  emulator.webhooks.onDelivery((delivery) => process.stdout.write(toDeliveryLine(delivery)));
  const { host } = options;
  if (host !== undefined && !isLoopback(host)) process.stderr.write(toWarning(emulator, host));
  process.stdout.write(toGreeting(emulator));
}

function toWarning({ url }: Emulator, host: string): string {
  const { port } = new URL(url);
  return `
************************************ WARNING ************************************
  --allow-remote: this emulator listens on ${host}, port ${port}.
  Anyone who reaches it can sign in as any user, and change all of its data.
  Keep it in a network of your own. Never use it for an application of others.
*********************************************************************************

An application in another container or on another machine needs:

  DESCOPE_BASE_URI=http://<name of this host>:${port} DESCOPE_ALLOW_INSECURE_BASE_URI=true

`;
}

function toGreeting(emulator: Emulator): string {
  const { url, projectId, managementKey, loginIds, consoleUrl } = emulator;
  return `Descope emulator, for development only: anyone who can reach it can sign in as any user.

  console         ${consoleUrl}
  url             ${url}
  project id      ${projectId}
  management key  ${managementKey}
  login ids       ${loginIds.join(', ') || 'none yet; users can sign up'}

Start your application with:

  eval "$(npx nestjs-descope emulator --env${isDefault(url) ? '' : ` --url ${url}`})" && npm run start:dev

Or write these lines into its .env file:

  DESCOPE_BASE_URI=${url}
  DESCOPE_PROJECT_ID=${projectId}
  DESCOPE_MANAGEMENT_KEY=${managementKey}

${toExample(emulator)}
Codes and links that Descope would send are printed below. Press Ctrl+C to stop.
`;
}

// `--env` finds an emulator on this port without --url.
function isDefault(url: string): boolean {
  return url === `http://127.0.0.1:${DEFAULT_PORT}`;
}

function toExample({ url, projectId, loginIds }: Emulator): string {
  const [loginId] = loginIds;
  if (loginId === undefined)
    return `Sign up a user and get a session token ("sessionJwt"):

  curl -s ${url}/v1/auth/password/signup -H "Authorization: Bearer ${projectId}" \\
    -H "Content-Type: application/json" -d '{"loginId":"anna@example.com","password":"Correct-horse-1"}'
`;
  return `Call your application with a session token of a seeded user:

  TOKEN=$(npx nestjs-descope emulator --token ${toShellWord(loginId)} --url ${url})
  curl -H "Authorization: Bearer $TOKEN" http://localhost:3000/
`;
}

// The terminal shows what Descope would have sent by mail or phone.
function toLine({ loginId, deliveryMethod, code, link }: OutboxMessage): string {
  return `${toPlain(`${deliveryMethod} to ${loginId}`)}: ${code ?? link}\n`;
}

const MAX_PRINTED = 1000;

// Each once: an application that sends a field sends it with every call.
function toIgnoredPrinter(): (request: LoggedRequest) => void {
  const printed = new Set<string>();
  return ({ method, path, ignored = [] }) => {
    const line = `ignored in ${toPlain(`${method} ${path}`)}: ${ignored.join(', ')}\n`;
    if (printed.has(line) || printed.size >= MAX_PRINTED) return;
    printed.add(line);
    process.stdout.write(line);
  };
}

function toDeliveryLine({ action, state, status }: WebhookDelivery): string {
  const reason = status === undefined ? 'no response' : `status ${status}`;
  return `webhook ${toPlain(action)}: ${state}${state === 'failed' ? ` (${reason})` : ''}\n`;
}

function fail(cause: unknown): void {
  const code = cause instanceof EmulatorError ? cause.code : undefined;
  const message = cause instanceof Error ? cause.message : String(cause);
  const isMisuse = code === 'EMULATOR_OPTIONS_INVALID';
  const hint =
    code === 'EMULATOR_ADDRESS_TAKEN' ? '\nChoose another port with --port; 0 takes any free one.' : '';
  process.stderr.write(isMisuse ? `${message}\n\n${USAGE}` : `${message}${hint}\n`);
  process.exitCode = isMisuse ? 2 : 1;
}
