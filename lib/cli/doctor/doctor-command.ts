// The command `nestjs-descope doctor`: runs all checks, prints their findings, and says by its status whether there is a problem; and reads its standard input.
import type { Readable, Writable } from 'node:stream';
import type { DescopeConfig } from '../../core/config/config.js';
import { checkConfiguration } from './configuration.js';
import { checkCookies } from './cookies.js';
import type { DoctorInput } from './doctor-arguments.js';
import { DOCTOR_USAGE, readDoctorInput, UsageError } from './doctor-arguments.js';
import type { Finding } from './finding.js';
import { skipped, toExitStatus, toJson, toPrintable, toText } from './finding.js';
import { checkKeys } from './keys.js';
import { checkNames } from './names.js';
import { checkToken } from './token.js';
import type { PackageVersions } from './versions.js';
import { checkVersions } from './versions.js';

/** What surrounds the command: the process, as far as the doctor looks at it. */
export interface DoctorSurroundings {
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly folder: string;
  readonly nodeVersion: string;
  readonly manifest: PackageVersions;
  /** Reads the standard input to its end. */
  readonly readInput: () => Promise<string>;
}

/** What the command prints, and its exit status. */
export interface DoctorResult {
  readonly exitStatus: 0 | 1 | 2;
  readonly output: string;
}

/** Runs the doctor. */
export async function runDoctor(
  args: readonly string[],
  surroundings: DoctorSurroundings,
): Promise<DoctorResult> {
  let input: DoctorInput | 'help';
  try {
    input = readDoctorInput(args, surroundings.folder);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return { exitStatus: 2, output: `${error.message}\n\n${DOCTOR_USAGE}` };
  }
  if (input === 'help') return { exitStatus: 0, output: DOCTOR_USAGE };
  const findings = await examine(input, surroundings);
  return { exitStatus: toExitStatus(findings), output: input.isJson ? toJson(findings) : toText(findings) };
}

async function examine(input: DoctorInput, surroundings: DoctorSurroundings): Promise<Finding[]> {
  const { manifest, nodeVersion, folder, variables } = surroundings;
  const token = input.hasToken ? (await surroundings.readInput()).trim() : undefined;
  const { config, findings, secrets } = checkConfiguration(variables, input);
  const found = [
    ...checkVersions(manifest, nodeVersion, folder),
    ...findings,
    ...(config === undefined
      ? [skipped('keys', 'Nothing else is checked before the configuration is valid.')]
      : await examineConfigured(config, input, token)),
  ];
  return toPrintable(found, token === undefined ? secrets : [...secrets, token]);
}

async function examineConfigured(
  config: DescopeConfig,
  input: DoctorInput,
  token: string | undefined,
): Promise<Finding[]> {
  const { keys, areFetched, findings } = await checkKeys(config);
  return [
    ...findings,
    ...(token === undefined
      ? [skipped('token', 'No token was given; --token - reads one from the standard input.')]
      : await checkToken(token, config, keys)),
    ...checkCookies(config, input.options !== undefined),
    ...(areFetched
      ? await checkNames(config, input.accessMap)
      : [skipped('names', 'Not checked, because the keys could not be fetched.')]),
  ];
}

// The standard input, which is a file, another command, or a person at a terminal.

/**
 * Reads the standard input to its end. At a terminal it prints a prompt to the standard error, and stops after the first
 * line that is not empty: there Ctrl+D behind a text sends the text, and only a second one would end the input.
 */
export async function readStandardInput(
  input: Readable & { readonly isTTY?: boolean },
  errors: Writable,
): Promise<string> {
  const isTerminal = input.isTTY === true;
  if (isTerminal) errors.write('Paste the session token, then press Ctrl+D:\n');
  let text = '';
  for await (const chunk of input.setEncoding('utf8')) {
    text += String(chunk);
    if (isTerminal && text.trim() !== '') break;
  }
  if (isTerminal && text !== '' && !text.endsWith('\n')) errors.write('\n'); // the terminal shows the text itself
  return text;
}
