// What a door of the package lets out, as the compiler sees it.
import ts from 'typescript';

/** One exported name. */
export interface DoorExport {
  readonly name: string;
  /** Whether it is there when the program runs, or only while it is compiled. */
  readonly kind: 'value' | 'type';
  readonly isDocumented: boolean;
}

/** Reads the exports of these files, sorted by name. */
export function readDoorExports(files: readonly string[]): ReadonlyMap<string, readonly DoorExport[]> {
  const { config } = ts.readConfigFile('tsconfig.json', (path) => ts.sys.readFile(path)) as {
    config: object;
  };
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, process.cwd());
  const program = ts.createProgram([...files], options);
  const checker = program.getTypeChecker();
  return new Map(files.map((file) => [file, readExports(program, checker, file)]));
}

function readExports(program: ts.Program, checker: ts.TypeChecker, file: string): DoorExport[] {
  const source = program.getSourceFile(file);
  const symbol = source === undefined ? undefined : checker.getSymbolAtLocation(source);
  if (symbol === undefined) throw new Error(`${file} is no module.`);
  const exported = checker.getExportsOfModule(symbol).map((alias) => {
    const target = (alias.flags & ts.SymbolFlags.Alias) === 0 ? alias : checker.getAliasedSymbol(alias);
    const isValue = (target.flags & ts.SymbolFlags.Value) !== 0 && !isTypeOnly(alias);
    const isDocumented = target.getDocumentationComment(checker).length > 0;
    return { name: alias.name, kind: isValue ? 'value' : 'type', isDocumented } as const;
  });
  return exported.sort((one, other) => (one.name < other.name ? -1 : 1));
}

function isTypeOnly(alias: ts.Symbol): boolean {
  return (alias.declarations ?? []).some(
    (node) => ts.isExportSpecifier(node) && ts.isTypeOnlyExportDeclaration(node),
  );
}
