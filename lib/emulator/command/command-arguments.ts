// The command line of `nestjs-descope emulator`: its usage text, and its arguments as what is to be done.
import { parseArgs } from 'node:util';
import { EmulatorError } from '../errors.js';
import type { EmulatorOptions } from '../options.js';

/** The port of the command, unless it is given another one: the same each time, so that a .env file can name it. */
export const DEFAULT_PORT = 4400;

/** The text of `--help`, which also follows the message about invalid arguments. */
export const USAGE = `Usage: nestjs-descope emulator [options]

Runs an embedded Descope for development and tests. All data is in memory.

Options:
  --port <number>              Port to listen on; 0 takes any free one (default: ${DEFAULT_PORT})
  --host <address>             Address to listen on (default: 127.0.0.1)
  --allow-remote               Allow a --host that other machines reach; they can sign in as any user
  --public-url <url>           URL by which browsers reach it, if it is another one (a published port, a proxy)
  --allow-host <name>          Answer to this host name too; repeatable
  --allow-origin <origin>      Let pages of this origin use the API; repeatable (default: pages of this machine)
  --seed <file>                JSON file with users, tenants, roles, accessKeys, inboundApps, mcpServers
                               fga and webhooks
  --session-seconds <number>   Lifetime of a session token in seconds (default: 600)
  --refresh-seconds <number>   Lifetime of a refresh token in seconds (default: 2419200, four weeks)
  --refresh-rotation           Issue a new refresh token with each refresh, and reject the old one
  --replay-ends-sign-in        End the whole sign-in when a rotated refresh token is used again
  --strict                     Reject calls with a field that the emulator does not know
  --screens <kind>             Screens of flows: plain HTML, or Descope's own components (default: plain)
  --dpop-nonces <where>        Where a DPoP proof needs a nonce: token, always or never (default: token)
  --console-token <token>      Token that opens the console in a browser (default: a new one each time)
  --webhook <url>              Send the audit events of the project to this URL
  --webhook-secret <secret>    Sign them with this secret
  -h, --help                   Show this text

Ask an emulator that runs, and end:
  --token <login id>           Print a session token of this user, and nothing else
  --env                        Print the variables of an application that uses the emulator, for eval
  --url <url>                  The emulator (default: --port of 127.0.0.1, or DESCOPE_BASE_URI, or port ${DEFAULT_PORT})

Exit status: 0 when it worked, 1 when it did not, 2 for wrong arguments.
`;

/** What the command is to do: start an emulator, ask one that runs, or show its usage. */
export type EmulatorTask =
  | { readonly kind: 'start'; readonly options: EmulatorOptions }
  | { readonly kind: 'token'; readonly loginId: string; readonly url: string | undefined }
  | { readonly kind: 'env'; readonly url: string | undefined }
  | { readonly kind: 'help' };

/** Reads the arguments; throws `EMULATOR_OPTIONS_INVALID`. */
export function readArguments(args: readonly string[]): EmulatorTask {
  const values = parse(args);
  if (values.help) return { kind: 'help' };
  if (values.token !== undefined || values.env) return toQuestion(values);
  if (values.url !== undefined) throw invalid('--url is for --token and --env; use --host and --port');
  return { kind: 'start', options: toOptions(values) };
}

type Values = ReturnType<typeof parse>;

function toOptions(values: Values): EmulatorOptions {
  const { port, host, seed } = values;
  return {
    port: port === undefined ? DEFAULT_PORT : toPort(port),
    ...(host === undefined ? {} : { host }),
    ...(values['allow-remote'] ? { allowRemote: true } : {}),
    ...toCallers(values),
    ...(seed === undefined ? {} : { seed }),
    ...toSeconds('sessionSeconds', values['session-seconds'], '--session-seconds'),
    ...toSeconds('refreshSeconds', values['refresh-seconds'], '--refresh-seconds'),
    ...(values['refresh-rotation'] ? { refreshRotation: true } : {}),
    ...(values['replay-ends-sign-in'] ? { replayEndsSignIn: true } : {}),
    ...(values.strict ? { strict: true } : {}),
    ...toScreens(values),
    ...toNonces(values),
    ...toConsoleToken(values),
    ...toWebhooks(values),
  };
}

function toScreens({ screens }: Values): Pick<EmulatorOptions, 'screens'> {
  if (screens === undefined || screens === 'plain' || screens === 'components')
    return screens === undefined ? {} : { screens };
  throw invalid(`--screens must be plain or components, got ${JSON.stringify(screens)}`);
}

function toNonces({ 'dpop-nonces': dpopNonces }: Values): Pick<EmulatorOptions, 'dpopNonces'> {
  if (dpopNonces === undefined) return {};
  if (dpopNonces === 'token' || dpopNonces === 'always' || dpopNonces === 'never') return { dpopNonces };
  throw invalid(`--dpop-nonces must be token, always or never, got ${JSON.stringify(dpopNonces)}`);
}

function toConsoleToken({ 'console-token': consoleToken }: Values): Pick<EmulatorOptions, 'consoleToken'> {
  return consoleToken === undefined ? {} : { consoleToken };
}

function toCallers(values: Values): Pick<EmulatorOptions, 'publicUrl' | 'allowedHosts' | 'allowedOrigins'> {
  const { 'public-url': publicUrl, 'allow-host': hosts, 'allow-origin': origins } = values;
  return {
    ...(publicUrl === undefined ? {} : { publicUrl }),
    ...(hosts === undefined ? {} : { allowedHosts: hosts }),
    ...(origins === undefined ? {} : { allowedOrigins: origins }),
  };
}

function toWebhooks({ webhook: url, 'webhook-secret': secret }: Values): Pick<EmulatorOptions, 'webhooks'> {
  if (url !== undefined) return { webhooks: [{ url, secret }] };
  if (secret === undefined) return {};
  throw invalid('--webhook-secret is for --webhook');
}

function toQuestion(values: Values): EmulatorTask {
  const { token: loginId, env, url, port, ...others } = values;
  if (loginId !== undefined && env) throw invalid('--token and --env cannot be used together');
  const [other] = Object.keys(others);
  const asked = loginId === undefined ? '--env' : '--token';
  if (other !== undefined)
    throw invalid(`--${other} is for starting an emulator, and ${asked} asks one that runs`);
  if (loginId === '') throw invalid('--token must be the login id of a user');
  const given = toUrl(url, port);
  return loginId === undefined ? { kind: 'env', url: given } : { kind: 'token', loginId, url: given };
}

function toUrl(url: string | undefined, port: string | undefined): string | undefined {
  if (url === undefined) return port === undefined ? undefined : `http://127.0.0.1:${toPort(port)}`;
  if (port !== undefined) throw invalid('--url and --port cannot be used together');
  if (/^https?:/i.test(url) && URL.canParse(url)) return url;
  throw invalid(`--url must be an http or https URL, got ${JSON.stringify(url)}`);
}

function parse(args: readonly string[]) {
  try {
    const text = { type: 'string' } as const;
    const texts = { type: 'string', multiple: true } as const;
    const flag = { type: 'boolean' } as const;
    const options = {
      port: text,
      host: text,
      'allow-remote': flag,
      'public-url': text,
      'allow-host': texts,
      'allow-origin': texts,
      seed: text,
      'session-seconds': text,
      'refresh-seconds': text,
      'refresh-rotation': flag,
      'replay-ends-sign-in': flag,
      strict: flag,
      screens: text,
      'dpop-nonces': text,
      'console-token': text,
      webhook: text,
      'webhook-secret': text,
      token: text,
      env: flag,
      url: text,
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
  throw invalid(`${option} must be a positive whole number of seconds, got ${JSON.stringify(text)}`);
}

function toPort(text: string): number {
  if (/^\d{1,5}$/.test(text)) return Number(text);
  throw invalid(`--port must be a whole number from 0 to 65535, got ${JSON.stringify(text)}`);
}

function invalid(message: string): EmulatorError {
  return new EmulatorError('EMULATOR_OPTIONS_INVALID', message);
}
