// Files for the compiler, read and parsed once for all programs of a process: most of them are those of other packages.
import ts from 'typescript';

type ReadSource = NonNullable<ts.CompilerHost['getSourceFile']>;

const read = new Map<string, ts.SourceFile | undefined>();

/** Reads as the compiler does; programs with the same options, but for `lib` and `paths`, share what was read. */
export function shareSources(getSourceFile: ReadSource, options: ts.CompilerOptions): ReadSource {
  const kind = JSON.stringify({ ...options, lib: undefined, paths: undefined });
  return (name, parsing, ...rest) => {
    const settings = typeof parsing === 'object' ? parsing : { languageVersion: parsing };
    const key = `${name}\n${settings.impliedNodeFormat}\n${kind}`;
    if (!read.has(key)) read.set(key, getSourceFile(name, { ...settings, ...readComments(name) }, ...rest));
    return read.get(key);
  };
}

// Nobody reads the comments of other packages.
function readComments(name: string): Pick<ts.CreateSourceFileOptions, 'jsDocParsingMode'> {
  return name.includes('/node_modules/') ? { jsDocParsingMode: ts.JSDocParsingMode.ParseNone } : {};
}
