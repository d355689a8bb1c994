// The command line of `nestjs-descope doctor`: its usage text, its arguments, and the files and the input that they name.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs, parseEnv } from 'node:util';

/** The text of `--help`, which also follows the message about invalid arguments. */
export const DOCTOR_USAGE = `Usage: nestjs-descope doctor [options]

Checks what an application with nestjs-descope depends on, and says what to do. Run it in the folder of the application.
It reads the variables of the process, then those of the file .env. The application reads that file only if it imports
ConfigModule.forRoot() of @nestjs/config.

Options:
  --dotenv <file>        File of variables (default: .env, if there is one)
  --options <file>       JSON file with the options that the application gives DescopeModule in its code
  --access-map <file>    JSON file with the access map: what each handler demands. Role and permission names in it are
                         compared with those of the project. To write the file, in a test or a script of the application:
                           import { describeAccess } from 'nestjs-descope/inspect';
                           writeFileSync('access.json', JSON.stringify(describeAccess(app)));
  --token -              Read a session token from the standard input, and judge it; it is never printed. At a
                         terminal, paste the token
  --json                 Print the findings as JSON
  -h, --help             Show this text

Exit status: 0 without a problem, 1 with one, 2 for wrong arguments.
`;

/** A mistake in the arguments, or in a file that they name. */
export class UsageError extends Error {}

/** The arguments, with the contents of the files. */
export interface DoctorInput {
  readonly isJson: boolean;
  /** Whether a token is to be read from the standard input. */
  readonly hasToken: boolean;
  /** The variables of the file, which those of the process replace. */
  readonly envFile: { readonly name: string; readonly variables: Variables } | undefined;
  readonly options: Readonly<Record<string, unknown>> | undefined;
  readonly accessMap: readonly unknown[] | undefined;
}

type Variables = Readonly<Record<string, string | undefined>>;

/** Reads the arguments and the files that they name, or a request for help. Throws `UsageError`. */
export function readDoctorInput(args: readonly string[], folder: string): DoctorInput | 'help' {
  const values = parse(args);
  if (values.help) return 'help';
  if (values.token !== undefined && values.token !== '-')
    throw new UsageError(
      '--token takes "-" and nothing else: a token in a command line stays in the history of the shell. Send it to the standard input.',
    );
  const { options, 'access-map': accessMap } = values;
  return {
    isJson: values.json ?? false,
    hasToken: values.token !== undefined,
    envFile: readEnvFile(values.dotenv, folder),
    options: options === undefined ? undefined : toObject(readJson('--options', options, folder)),
    accessMap: accessMap === undefined ? undefined : toList(readJson('--access-map', accessMap, folder)),
  };
}

function parse(args: readonly string[]) {
  try {
    const text = { type: 'string' } as const;
    const flag = { type: 'boolean' } as const;
    const options = {
      dotenv: text,
      options: text,
      'access-map': text,
      token: text,
      json: flag,
      help: { type: 'boolean', short: 'h' },
    } as const;
    return parseArgs({ args: [...args], options, allowPositionals: false }).values;
  } catch (cause) {
    // Of a positional argument Node's message repeats the text, which may be a token.
    const { code, message } = cause as NodeJS.ErrnoException;
    const isText = code === 'ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL';
    throw new UsageError(isText ? 'Unexpected argument; the doctor takes options only' : hide(message));
  }
}

function hide(message: string): string {
  return message.replace(/eyJ[\w.-]+/g, '…');
}

function readEnvFile(given: string | undefined, folder: string): DoctorInput['envFile'] {
  const name = given ?? '.env';
  const text = given === undefined ? readIfThere(resolve(folder, name)) : readText('--dotenv', name, folder);
  return text === undefined ? undefined : { name, variables: parseEnv(text) };
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined; // as @nestjs/config does
  }
}

function readText(option: string, name: string, folder: string): string {
  try {
    return readFileSync(resolve(folder, name), 'utf8');
  } catch (cause) {
    const { code = 'unknown reason' } = cause as NodeJS.ErrnoException;
    throw new UsageError(`${option}: the file ${name} cannot be read (${code})`);
  }
}

function readJson(option: string, name: string, folder: string): unknown {
  const text = readText(option, name, folder);
  try {
    return JSON.parse(text);
  } catch {
    throw new UsageError(`${option}: the file ${name} is not JSON`); // the parser's own message quotes the file
  }
}

function toObject(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Readonly<Record<string, unknown>>;
  throw new UsageError('--options: the file must hold an object, as DescopeModule.forRoot() takes it');
}

function toList(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new UsageError('--access-map: the file must hold the list that describeAccess(app) returns');
}
