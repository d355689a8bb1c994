// The command line of `nestjs-descope matrix`: its usage text, its arguments, and the files that they name.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';

/** The text of `--help`, which also follows the message about invalid arguments. */
export const MATRIX_USAGE = `Usage: nestjs-descope matrix <file> --personas <file> [options]

Prints what every route, resolver and message of an application answers several callers. It creates the application, and
neither starts it nor sends a request.

  <file>                 A compiled file of the application (.js, .mjs, .cjs) that exports its root module, or a function
                         that creates the application with its global prefix and versions

Options:
  --personas <file>      JSON file with the callers by name: null for one without a token, what the token of the caller
                         has, as for createTestDescope().as(), or { "token": "…" } with one that the application verifies:
                           { "anonymous": null, "ada": { "roles": ["admin"] }, "batch": { "kind": "access-key" } }
  --export <name>        The export of the file (default: the only module or function it exports)
  --values <file>        JSON file with what requests name: { "param:tenantId": "acme" }
  --assume <guard>       A guard of the application that lets every caller pass, such as ThrottlerGuard; may be repeated
  --format <form>        table, markdown or json (default: table)
  --before <file>        JSON file of an earlier matrix: print only what has changed, and end with status 1 if anything has
  --output <file>        Write to this file and not to the standard output
  -h, --help             Show this text

Exit status: 0 when it worked, 1 for changes since --before or an application that cannot be created, 2 for wrong arguments.
`;

/** A mistake in the arguments, or in a file that they name. */
export class MatrixUsageError extends Error {}

/** The arguments, with the contents of the files. */
export interface MatrixInput {
  readonly file: string;
  readonly exportName: string | undefined;
  readonly personas: Readonly<Record<string, object | null>>;
  readonly values: Readonly<Record<string, string>>;
  readonly assumedGuards: readonly string[];
  readonly format: 'table' | 'markdown' | 'json';
  readonly before: unknown;
  readonly output: string | undefined;
}

/** Reads the arguments and the files that they name, or a request for help. Throws `MatrixUsageError`. */
export function readMatrixInput(args: readonly string[], folder: string): MatrixInput | 'help' {
  const { values, positionals } = parse(args);
  if (values.help) return 'help';
  const [file, ...others] = positionals;
  if (file === undefined) throw new MatrixUsageError('The file of the application is missing');
  if (others.length > 0) throw new MatrixUsageError('Only one file of an application can be read');
  if (values.personas === undefined) throw new MatrixUsageError('--personas is missing');
  const at = (path: string) => resolve(folder, path);
  return {
    file: at(file),
    exportName: values.export,
    personas: toPersonas(readJson('--personas', at(values.personas))),
    values: values.values === undefined ? {} : toStrings(readJson('--values', at(values.values))),
    assumedGuards: values.assume ?? [],
    format: toFormat(values.format ?? 'table'),
    before: values.before === undefined ? undefined : toMatrix(readJson('--before', at(values.before))),
    output: values.output === undefined ? undefined : at(values.output),
  };
}

function parse(args: readonly string[]) {
  const text = { type: 'string' } as const;
  const options = {
    personas: text,
    export: text,
    values: text,
    assume: { type: 'string', multiple: true },
    format: text,
    before: text,
    output: text,
    help: { type: 'boolean', short: 'h' },
  } as const;
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (cause) {
    throw new MatrixUsageError((cause as Error).message, { cause });
  }
}

function toFormat(format: string): MatrixInput['format'] {
  if (format === 'table' || format === 'markdown' || format === 'json') return format;
  throw new MatrixUsageError(`--format must be table, markdown or json, got ${JSON.stringify(format)}`);
}

function readJson(option: string, path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new MatrixUsageError(`${option}: ${path} cannot be read as JSON (${(cause as Error).message})`, {
      cause,
    });
  }
}

// What decides on access. A misspelt member must not make an admin look like a user without roles.
const LISTS = ['roles', 'permissions', 'amr'];
const MEMBERS = ['sub', 'kind', ...LISTS, 'tenants', 'dct', 'aud', 'scope', 'azp', 'su'];
const KINDS = ['user', 'access-key', 'app', 'agent'];

function toPersonas(value: unknown): MatrixInput['personas'] {
  if (!isObject(value)) throw new MatrixUsageError('--personas must be an object of callers by name');
  for (const [name, persona] of Object.entries(value)) {
    const mistake = findMistake(persona);
    if (mistake !== undefined) throw new MatrixUsageError(`--personas: ${JSON.stringify(name)} ${mistake}`);
  }
  return value as MatrixInput['personas'];
}

function findMistake(persona: unknown): string | undefined {
  if (persona === null) return undefined;
  if (!isObject(persona)) return 'must be an object, or null for a caller without a token';
  const names = Object.keys(persona);
  if (names.join() === 'token' && typeof persona['token'] === 'string') return undefined;
  const unknown = names.find((name) => !MEMBERS.includes(name));
  if (unknown !== undefined)
    return `has the unknown member ${JSON.stringify(unknown)}; known are ${MEMBERS.join(', ')}, or token alone`;
  const list = LISTS.find((name) => persona[name] !== undefined && !isTexts(persona[name]));
  if (list !== undefined) return `needs a list of strings as ${list}`;
  const { kind, tenants } = persona;
  if (kind !== undefined && !KINDS.includes(kind as string))
    return `needs one of ${KINDS.join(', ')} as kind`;
  const areTenants = tenants === undefined || (isObject(tenants) && Object.values(tenants).every(isGrants));
  return areTenants ? undefined : 'needs { "<tenant id>": { "roles": [], "permissions": [] } } as tenants';
}

function isGrants(value: unknown): boolean {
  return (
    isObject(value) && Object.entries(value).every(([name, item]) => LISTS.includes(name) && isTexts(item))
  );
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function toStrings(value: unknown): Readonly<Record<string, string>> {
  if (isObject(value) && Object.values(value).every((item) => typeof item === 'string'))
    return value as Readonly<Record<string, string>>;
  throw new MatrixUsageError('--values must be an object whose members are strings');
}

function toMatrix(value: unknown): unknown {
  if (isObject(value) && Array.isArray(value['personas']) && Array.isArray(value['rows'])) return value;
  throw new MatrixUsageError('--before must be a matrix that was written with --format json');
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
