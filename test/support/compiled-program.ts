// A program as somebody writes it, compiled in memory against the sources of the package.
import { resolve } from 'node:path';
import ts from 'typescript';
import { shareSources } from './source-files.js';

/** What the compiler says, and of which line. */
export interface Flaw {
  readonly line: number;
  readonly text: string;
}

const earlier = new Map<string, ts.Program>(); // by their libraries: the next one goes on with what they have found

/** Compiles the text of a program that imports the package, with the types of Node, and of browsers if they are asked for. */
export function listFlaws(text: string, lib: readonly string[] = ['es2023']): readonly Flaw[] {
  const path = resolve('test/package/typed-program.ts');
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    strict: true,
    experimentalDecorators: true,
    skipLibCheck: true,
    noEmit: true,
    types: ['node'],
    lib: lib.map((name) => `lib.${name}.d.ts`),
    paths: {
      'nestjs-descope': [resolve('lib/index.ts')],
      'nestjs-descope/*': [resolve('lib/*/index.ts')],
    },
  };
  const host = ts.createCompilerHost(options);
  const { fileExists } = host;
  const getSourceFile = shareSources(host.getSourceFile, options);
  host.fileExists = (name) => name === path || fileExists(name);
  host.getSourceFile = (name, ...rest) =>
    name === path ? ts.createSourceFile(path, text, rest[0], true) : getSourceFile(name, ...rest);
  const program = ts.createProgram([path], options, host, earlier.get(lib.join()));
  earlier.set(lib.join(), program);
  const source = program.getSourceFile(path);
  return ts.getPreEmitDiagnostics(program, source).map(({ start = 0, messageText }) => ({
    line: (source?.getLineAndCharacterOfPosition(start).line ?? -2) + 1,
    text: ts.flattenDiagnosticMessageText(messageText, '\n'),
  }));
}
