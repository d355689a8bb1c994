// Descope's component library, as it is installed in the application: found when a page asks for it, and read only by
// names that its folder has.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { DescopeError } from '../errors.js';
import type { FlowTheme } from './component-theme.js';
import { readTheme } from './component-theme.js';

/** The package of the library. */
export const LIBRARY = '@descope/web-components-ui';

/** A file of the library. */
export interface LibraryFile {
  readonly content: Buffer;
  readonly contentType: string;
  readonly etag: string;
}

/** The installed library. */
export class ComponentLibrary {
  readonly #files = new Map<string, LibraryFile | undefined>();
  #theme: FlowTheme | undefined;

  /** Lists the files of the package's browser build; `folder` is that of the package. */
  constructor(
    private readonly folder: string,
    readonly version: string,
  ) {
    const names = readdirSync(join(folder, BUILD), { recursive: true, encoding: 'utf8' });
    for (const name of names) {
      const path = name.replaceAll('\\', '/');
      if (CONTENT_TYPES.some(([ending]) => path.endsWith(ending))) this.#files.set(path, undefined);
    }
  }

  /** Reads a file of the build, such as `index.js`; undefined for any other name. */
  read(name: string): LibraryFile | undefined {
    if (!this.#files.has(name)) return undefined;
    const known = this.#files.get(name);
    if (known) return known;
    const content = readFileSync(join(this.folder, BUILD, name));
    const [, contentType] = CONTENT_TYPES.find(([ending]) => name.endsWith(ending)) ?? ['', ''];
    const etag = `"${createHash('sha256').update(content).digest('hex').slice(0, 16)}"`;
    const file = { content, contentType, etag };
    this.#files.set(name, file);
    return file;
  }

  /** The library's default theme, light and dark. */
  get theme(): FlowTheme {
    this.#theme ??= readTheme(readFileSync(join(this.folder, BUILD, THEMES), 'utf8'));
    return this.#theme;
  }
}

const BUILD = join('dist', 'umd');
const THEMES = 'DescopeDev.js';

const CONTENT_TYPES: readonly (readonly [ending: string, type: string])[] = [
  ['.js', 'text/javascript; charset=utf-8'],
  ['.woff', 'font/woff'],
  ['.woff2', 'font/woff2'],
];

let library: ComponentLibrary | undefined;

/** Finds the installed library, as Node does from the working directory and from the program that was started. */
export function findLibrary(): ComponentLibrary | undefined {
  library ??= openLibrary(toStartingFolders());
  return library;
}

/** Rejects a request for a library that is not installed. */
export function assertInstalled(found: ComponentLibrary | undefined): ComponentLibrary {
  if (found) return found;
  const message = `${LIBRARY} is not installed where the emulator runs: npm i -D ${LIBRARY}`;
  throw new DescopeError('noSuchEndpoint', message);
}

/** Opens the library that is installed for one of these folders; undefined where none is. */
export function openLibrary(folders: readonly string[]): ComponentLibrary | undefined {
  for (const folder of folders) {
    const paths = createRequire(join(folder, 'package.json')).resolve.paths(LIBRARY) ?? [];
    const found = paths.map((path) => join(path, LIBRARY)).find((path) => existsSync(join(path, BUILD)));
    if (found !== undefined) return new ComponentLibrary(found, readVersion(found));
  }
  return undefined;
}

function readVersion(folder: string): string {
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string };
  return version;
}

function toStartingFolders(): readonly string[] {
  const program = process.argv[1];
  return program === undefined ? [process.cwd()] : [process.cwd(), dirname(program)];
}
