// Every TypeScript block of README.md and docs/ compiles as it stands, with the settings of a new Nest application.
import { resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import ts from 'typescript';
import { readPages } from '../support/pages.js';
import { shareSources } from '../support/source-files.js';

/** A block, as a file of an application that has the package installed. */
interface Block {
  /** Its path in that application. */
  readonly path: string;
  readonly page: string;
  readonly line: number;
  readonly text: string;
}

const FOLDER = resolve('test/docs/application');

// The convention: each block is a module that compiles by itself. Beside it stand the block that declares AppModule,
// as './app.module.js', each block that begins with the name of its file (`// read-data.ts`), and Jest's globals.
const GLOBALS = `
import type * as jest from '@jest/globals';
declare global {
  const describe: typeof jest.describe;
  const it: typeof jest.it;
  const expect: typeof jest.expect;
  const beforeAll: typeof jest.beforeAll;
  const afterAll: typeof jest.afterAll;
}
`;

const blocks = readBlocks();
const files = new Map([
  ...blocks.map(({ path, text }) => [path, text] as const),
  ...blocks.flatMap(({ text }) => {
    const [, name] = /^\/\/ ([a-z-]+\.ts)\n/.exec(text) ?? [];
    return name === undefined ? [] : [[resolve(FOLDER, name), text] as const];
  }),
  [resolve(FOLDER, 'globals.d.ts'), GLOBALS],
  [resolve(FOLDER, 'app.module.ts'), blocks.find(({ text }) => text.includes('class AppModule'))?.text ?? ''],
]);
const program = createProgram();

describe('A TypeScript block of the documentation', () => {
  it('is found by this test', () => {
    expect(blocks.filter(({ page }) => page === 'README.md').length).toBeGreaterThanOrEqual(4);
  });

  it.each(blocks.map((block) => [`${block.page}:${block.line}`, block] as const))(
    'compiles (%s)',
    (_at, block) => {
      const own = declares(block) ? createProgram([block.path]) : program;
      const flaws = ts
        .getPreEmitDiagnostics(own, own.getSourceFile(block.path))
        .map((flaw) => toText(flaw, block));
      expect(flaws).toEqual([]);
    },
  );

  it('would not pass with a mistake in it', () => {
    const block = {
      path: resolve(FOLDER, 'wrong.ts'),
      page: 'README.md',
      line: 1,
      text: "import { Rolls } from 'nestjs-descope';\nRolls();",
    };
    files.set(block.path, block.text);
    const flawed = createProgram([block.path]);
    const flaws = ts.getPreEmitDiagnostics(flawed, flawed.getSourceFile(block.path));
    expect(flaws.map((flaw) => toText(flaw, block))).toEqual([expect.stringContaining('Rolls')]);
  });
});

function readBlocks(): Block[] {
  return readPages()
    .flatMap(({ blocks: all }) => all)
    .filter(({ language }) => language === 'ts' || language === 'typescript')
    .map(({ page, line, text }, number) => ({
      path: resolve(FOLDER, `block-${number + 1}.ts`),
      page,
      line,
      text,
    }));
}

// Declared names hold for a whole program, so a block that declares some is one of its own.
function declares({ text }: Block): boolean {
  return text.includes("declare module 'nestjs-descope'");
}

function toShared(): string[] {
  const apart = blocks.filter(declares).map(({ path }) => path);
  return [...files.keys()].filter((path) => !apart.includes(path));
}

function createProgram(paths = toShared()): ts.Program {
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    strict: true,
    isolatedModules: true,
    esModuleInterop: true,
    experimentalDecorators: true,
    emitDecoratorMetadata: true,
    skipLibCheck: true,
    noEmit: true,
    types: ['node'],
    paths: {
      'nestjs-descope': [resolve('lib/index.ts')],
      'nestjs-descope/*': [resolve('lib/*/index.ts')],
    },
  };
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile, directoryExists } = host;
  const getSourceFile = shareSources(host.getSourceFile, options);
  host.fileExists = (path) => files.has(path) || fileExists(path);
  host.readFile = (path) => files.get(path) ?? readFile(path);
  host.directoryExists = (path) => path === FOLDER || directoryExists?.(path) === true;
  host.getSourceFile = (path, ...rest) => {
    const text = files.get(path);
    return text === undefined ? getSourceFile(path, ...rest) : ts.createSourceFile(path, text, rest[0], true);
  };
  return ts.createProgram(paths, options, host);
}

function toText(flaw: ts.Diagnostic, block: Block): string {
  const line = flaw.file?.getLineAndCharacterOfPosition(flaw.start ?? 0).line ?? 0;
  return `${block.page}:${block.line + 1 + line}: ${ts.flattenDiagnosticMessageText(flaw.messageText, '\n')}`;
}
