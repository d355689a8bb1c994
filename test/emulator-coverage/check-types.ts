// Compiles what came back against the types of the client: a missing member and a wrong type are found by the compiler.
import { join } from 'node:path';
import ts from 'typescript';
import { shareSources } from '../support/source-files.js';
import type { Answer } from './run-calls.js';

/** What the compiler says of an answer. */
export interface TypeVerdict {
  readonly method: string;
  /** `loose` where the type promises nothing that could be missing: any value, or no data at all. */
  readonly verdict: 'fits' | 'loose' | 'differs';
  readonly message: string;
}

const ROOT = process.cwd();
const FILE = join(ROOT, 'test/emulator-coverage/answers.generated.ts'); // in memory only

// `Json`: as JSON writes it, where a member of an enumeration is its text, and a date too.
const HEAD = `import type { CALLS } from './calls/index.js';
type Returned<Method extends keyof typeof CALLS> = Awaited<ReturnType<(typeof CALLS)[Method]>>;
type Data<Value> = Value extends { ok: boolean; data?: infer Found } ? Found : Value;
type Json<Value> = 0 extends 1 & Value ? Value
  : Value extends string ? \`\${Value}\`
  : Value extends Date ? string
  : Value extends object ? { [Name in keyof Value]: Json<Value[Name]> }
  : Value;
type Answer<Method extends keyof typeof CALLS> = Json<Data<Returned<Method>>>;
`;

/** Judges the values of the calls that were answered. */
export function checkTypes(answers: readonly Answer[]): readonly TypeVerdict[] {
  const judged = answers.filter(({ outcome }) => outcome === 'answered' || outcome === 'without a request');
  const lines = judged.map(({ method, value }, index) => {
    const literal = toLiteral(
      value === undefined ? undefined : (JSON.parse(JSON.stringify(value)) as unknown),
    );
    return `export const a${index}: Answer<${JSON.stringify(method)}> = ${literal};`;
  });
  const program = compile(HEAD + lines.join('\n'));
  const source = program.getSourceFile(FILE);
  if (!source) throw new Error('The compiler did not read what it was given');
  const first = HEAD.split('\n').length - 1;
  const messages = new Map<number, string>();
  for (const { start, messageText } of program.getSemanticDiagnostics(source)) {
    const { line } = source.getLineAndCharacterOfPosition(start ?? 0);
    const text = ts.flattenDiagnosticMessageText(messageText, '\n');
    if (line < first) throw new Error(`The types of the client were not found: ${text}`);
    if (!messages.has(line - first)) messages.set(line - first, text);
  }
  const types = readTypes(program, source);
  return judged.map(({ method }, index): TypeVerdict => {
    const isLoose = types[index] === true;
    const message = isLoose ? undefined : messages.get(index);
    const verdict = isLoose ? 'loose' : message === undefined ? 'fits' : 'differs';
    return { method, verdict, message: message ?? '' };
  });
}

// A spread keeps the literal's own types and lets a member that the type does not name pass: Descope sends more, too.
function toLiteral(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(toLiteral).join(', ')}]`;
  if (typeof value !== 'object' || value === null)
    return value === undefined ? 'undefined' : JSON.stringify(value);
  const members = Object.entries(value).map(
    ([name, inner]) => `[${JSON.stringify(name)}]: ${toLiteral(inner)}`,
  );
  return `{ ...{ ${members.join(', ')} } }`;
}

function readTypes(program: ts.Program, source: ts.SourceFile): readonly boolean[] {
  const checker = program.getTypeChecker();
  return source.statements.filter(ts.isVariableStatement).map(({ declarationList }) => {
    const [declaration] = declarationList.declarations;
    return declaration?.type !== undefined && isLoose(checker, checker.getTypeFromTypeNode(declaration.type));
  });
}

const ANY = ts.TypeFlags.Any | ts.TypeFlags.Unknown | ts.TypeFlags.Never | ts.TypeFlags.Undefined;

function isLoose(checker: ts.TypeChecker, type: ts.Type): boolean {
  if (type.isUnion()) return type.types.every((part) => isLoose(checker, part));
  if ((type.flags & ANY) !== 0) return true;
  const index = checker.getIndexInfoOfType(type, ts.IndexKind.String);
  return index !== undefined && (index.type.flags & ANY) !== 0 && type.getProperties().length === 0;
}

function compile(text: string): ts.Program {
  const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.json'), ts.sys.readFile) as { config: object };
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [], files: [] }, ts.sys, ROOT);
  // The client's own users seldom have this one; its types say `x?: T` where they mean what may be undefined.
  const host = ts.createCompilerHost({ ...options, exactOptionalPropertyTypes: false });
  const read = shareSources(host.getSourceFile, options);
  host.getSourceFile = (name, version, ...others) =>
    name === FILE ? ts.createSourceFile(name, text, version, true) : read(name, version, ...others);
  const exists = host.fileExists.bind(host);
  host.fileExists = (name) => name === FILE || exists(name);
  return ts.createProgram(
    [FILE],
    { ...options, exactOptionalPropertyTypes: false, noUnusedLocals: false },
    host,
  );
}
