#!/usr/bin/env node
// The command `nestjs-descope`: finds the subcommand, and loads nothing of the others.
import { readFileSync } from 'node:fs';
import type { PackageVersions } from './doctor/versions.js';

const USAGE = `Usage: nestjs-descope <command> [options]

Commands:
  emulator   Run an embedded Descope for development and tests
  doctor     Check the configuration, keys, clock and versions of an application
  matrix     Show what every endpoint of an application answers several callers

Options:
  -v, --version   Show the version of the package
  -h, --help      Show this text; after a command, the options of the command
`;

const COMMANDS: ReadonlyMap<string, (args: readonly string[]) => Promise<void>> = new Map([
  ['emulator', runEmulator],
  ['doctor', examine],
  ['matrix', showMatrix],
]);

async function run([name, ...args]: readonly string[]): Promise<void> {
  const command = COMMANDS.get(name ?? '');
  if (command !== undefined) await command(args);
  else if (name === '--help' || name === '-h') process.stdout.write(USAGE);
  else if (name === '--version' || name === '-v') process.stdout.write(`${readManifest().version}\n`);
  else misuse(name);
}

async function runEmulator(args: readonly string[]): Promise<void> {
  const { runEmulatorCommand } = await import('../emulator/command/emulator-command.js');
  await runEmulatorCommand(args);
}

async function examine(args: readonly string[]): Promise<void> {
  const { readStandardInput, runDoctor } = await import('./doctor/doctor-command.js');
  const { exitStatus, output } = await runDoctor(args, {
    variables: process.env,
    folder: process.cwd(),
    nodeVersion: process.versions.node,
    manifest: readManifest(),
    readInput: () => readStandardInput(process.stdin, process.stderr),
  });
  (exitStatus === 2 ? process.stderr : process.stdout).write(output);
  process.exitCode = exitStatus;
}

async function showMatrix(args: readonly string[]): Promise<void> {
  const { runMatrix } = await import('./matrix/matrix-command.js');
  const { exitStatus, output, problem } = await runMatrix(args, process.cwd());
  process.stderr.write(problem);
  // What the application has opened, such as a connection to a database, must not keep the command running.
  process.stdout.write(output, () => process.exit(exitStatus));
}

function misuse(name: string | undefined): void {
  const message = name === undefined ? 'A command is missing' : `Unknown command ${JSON.stringify(name)}`;
  process.stderr.write(`${message}\n\n${USAGE}`);
  process.exitCode = 2;
}

function readManifest(): PackageVersions {
  const file = new URL('../../../package.json', import.meta.url); // from dist/esm/cli
  return JSON.parse(readFileSync(file, 'utf8')) as PackageVersions;
}

void run(process.argv.slice(2));
