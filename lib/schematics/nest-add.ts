// The schematic of `nest add nestjs-descope`: sets up an application, and never changes what it does not understand.
import { posix } from 'node:path';
import type { WantedOption } from './edit-module.js';
import { addToModule } from './edit-module.js';
import { addComposeFile, addSeed, addVariables } from './emulator-files.js';
import type { NeededPackage } from './manifest.js';
import { addPackages } from './manifest.js';
import { toModuleByHand, toNextSteps, toServiceByHand, toTestNote } from './next-steps.js';
import type { Project } from './project.js';
import { CONFIG_VERSIONS, readProject } from './project.js';
import type { ProjectTree } from './project-tree.js';
import { readText } from './project-tree.js';
import type { TypeScript } from './read-source.js';
import { findModuleClass, loadTypeScript } from './read-source.js';
import { addTest } from './test-file.js';

/** The options of the command. */
export interface NestAddOptions {
  readonly sourceRoot?: string;
  readonly routes?: boolean;
  readonly session?: boolean;
  readonly test?: boolean;
  readonly docker?: boolean;
  readonly skipInstall?: boolean;
}

/** What the CLI hands to a schematic beside the tree: of the context of @angular-devkit/schematics, what is used here. */
export interface NestAddContext {
  readonly logger: { info(message: string): void; warn(message: string): void };
  addTask(task: { toConfiguration(): { readonly name: string; readonly options: object } }): unknown;
}

/** Returns the rule that sets up an application. Throws if its Nest is none that the package works with. */
export function nestAdd(options: NestAddOptions): (tree: ProjectTree, context: NestAddContext) => void {
  return (tree, context) => {
    const compiler = loadTypeScript(process.cwd());
    const project = readProject(tree, compiler, options.sourceRoot);
    assertNest(project);
    const setUp: SetUp = { tree, project, compiler, options, context };
    setUpModule(setUp);
    addVariables(tree);
    addSeed(tree);
    if (options.docker) setUpContainer(setUp);
    if (options.test) setUpTest(setUp);
    setUpPackages(setUp);
    context.logger.info(toNextSteps(project, options.docker === true));
    const open = findOpenTests(tree, project);
    if (open.length > 0) context.logger.info(toTestNote(open));
  };
}

interface SetUp {
  readonly tree: ProjectTree;
  readonly project: Project;
  readonly compiler: TypeScript | undefined;
  readonly options: NestAddOptions;
  readonly context: NestAddContext;
}

function assertNest({ nestMajor }: Project): void {
  if (nestMajor === undefined || CONFIG_VERSIONS.has(nestMajor)) return;
  const known = [...CONFIG_VERSIONS.keys()].join(' or ');
  throw new Error(`nestjs-descope needs Nest ${known}, and this project has Nest ${nestMajor}.`);
}

function setUpModule({ tree, project, compiler, options, context }: SetUp): void {
  const { rootModule, sourceRoot } = project;
  const wanted = toWantedOptions(options);
  const report = (where: string, reason: string) =>
    context.logger.warn(toModuleByHand(where, reason, wanted));
  if (rootModule === undefined) {
    report(sourceRoot, 'no root module was found');
    return;
  }
  const { path, className } = rootModule;
  const text = readText(tree, path);
  if (compiler === undefined || text === undefined) {
    report(path, 'the package typescript of this project could not be loaded');
    return;
  }
  const other = findOtherSetUp(tree, sourceRoot, path);
  if (other !== undefined) {
    if (wanted.length > 0) report(path, `${other} has the DescopeModule`);
    return;
  }
  const result = addToModule(compiler, text, { className, options: wanted });
  if (result.kind === 'by-hand') report(path, result.reason);
  if (result.kind === 'changed') tree.overwrite(path, result.text);
}

function toWantedOptions({ session, routes }: NestAddOptions): readonly WantedOption[] {
  return [
    ...(session ? [{ name: 'session', value: '{ refresh: true }' } as const] : []),
    ...(routes ? [{ name: 'routes', value: '{ loginRedirect: true }' } as const] : []),
  ];
}

// A module of its own for authentication is common; a second DescopeModule would stop the boot.
function findOtherSetUp(tree: ProjectTree, sourceRoot: string, rootModule: string): string | undefined {
  let found: string | undefined;
  tree.getDir(sourceRoot).visit((path) => {
    const file = path.replace(/^\//, '');
    if (found !== undefined || file === rootModule || !isSource(file)) return;
    const text = readText(tree, file) ?? '';
    if (/\bDescopeModule\s*\.\s*forRoot/.test(text) && /['"]nestjs-descope['"]/.test(text)) found = file;
  });
  return found;
}

function isSource(file: string): boolean {
  return /\.ts$/.test(file) && !/[.-](?:spec|test)\.ts$/.test(file);
}

function setUpContainer({ tree, context }: SetUp): void {
  const existing = addComposeFile(tree);
  if (existing !== undefined) context.logger.warn(toServiceByHand(existing));
}

function setUpTest({ tree, project, compiler, context }: SetUp): void {
  const { rootModule, runner } = project;
  const text = rootModule && readText(tree, rootModule.path);
  const className = compiler && text && findModuleClass(compiler, text, rootModule.className);
  if (rootModule === undefined || !className)
    context.logger.warn('No test was written: no root module that it could import was found.');
  else if (runner === undefined)
    context.logger.warn('No test was written: package.json has neither jest nor vitest.');
  else addTest(tree, { project, modulePath: rootModule.path, className });
}

// Tests that boot the application and send no token.
function findOpenTests(tree: ProjectTree, { sourceRoot }: Project): readonly string[] {
  const file = posix.join(posix.dirname(sourceRoot), 'test/app.e2e-spec.ts');
  const text = readText(tree, file) ?? 'nestjs-descope/testing';
  return text.includes('nestjs-descope/testing') ? [] : [file];
}

function setUpPackages({ tree, project, options, context }: SetUp): void {
  const added = addPackages(tree, toNeededPackages(project, options));
  if (added.length === 0) return;
  const { packageManager } = project;
  if (options.skipInstall) {
    context.logger.info(`Install ${added.join(' and ')}: ${packageManager} install`);
    return;
  }
  const task = { command: 'install', quiet: true, hideOutput: true, packageManager };
  context.addTask({ toConfiguration: () => ({ name: 'node-package', options: task }) });
}

function toNeededPackages({ nestMajor = 0 }: Project, options: NestAddOptions): readonly NeededPackage[] {
  const known = [...CONFIG_VERSIONS];
  const config = CONFIG_VERSIONS.get(nestMajor) ?? known.map(([, range]) => range).join(' || ');
  const testing = nestMajor > 0 ? `^${nestMajor}.0.0` : known.map(([major]) => `^${major}.0.0`).join(' || ');
  return [
    { name: '@nestjs/config', range: config, section: 'dependencies' },
    ...(options.routes
      ? [{ name: '@descope/web-component', range: '^4.0.0', section: 'dependencies' } as const]
      : []),
    ...(options.test
      ? [{ name: '@nestjs/testing', range: testing, section: 'devDependencies' } as const]
      : []),
  ];
}
