// The script of the web component: found in the optional peer, read once, named by its content.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { DescopeConfigError } from '../../core/errors.js';

const PACKAGE = '@descope/web-component';
const SCRIPT = join('dist', 'index.js');

/** The script as it is served. */
export interface ComponentScript {
  readonly content: Buffer;
  /** Such as `descope-wc-0123456789abcdef.js`: another content has another name. */
  readonly fileName: string;
  /** For the `integrity` attribute. */
  readonly integrity: string;
  readonly etag: string;
}

/**
 * Finds and reads the script of the installed `@descope/web-component`; throws `CONFIG_INVALID` when there is none.
 * It is looked for as Node would from the working directory and from the program that was started.
 */
export function loadComponentScript(folders: readonly string[] = toStartingFolders()): ComponentScript {
  const path = findScript(folders);
  if (path !== undefined) return toComponentScript(readFileSync(path));
  throw new DescopeConfigError(
    'CONFIG_INVALID',
    `The login page needs the package ${PACKAGE}, which is not installed. ` +
      `Install it (npm install ${PACKAGE}), give the login page a scriptUrl (from elsewhere with its integrity), or do without the page: routes: { login: false }.`,
  );
}

/** Names a script by its content. */
export function toComponentScript(content: Buffer): ComponentScript {
  const hash = createHash('sha256').update(content).digest('hex').slice(0, 16);
  const integrity = `sha384-${createHash('sha384').update(content).digest('base64')}`;
  return { content, fileName: `descope-wc-${hash}.js`, integrity, etag: `"${hash}"` };
}

/** The headers of the script, which may be kept for ever because its name says its content. */
export function toComponentScriptHeaders({ etag }: Pick<ComponentScript, 'etag'>): Record<string, string> {
  return {
    'Content-Type': 'text/javascript; charset=utf-8',
    'Cache-Control': 'public, max-age=31536000, immutable',
    ETag: etag,
    'X-Content-Type-Options': 'nosniff',
    'Cross-Origin-Resource-Policy': 'same-origin',
  };
}

/** Tells whether an `If-None-Match` header says that the client has the script already: then 304 is the answer. */
export function hasComponentScript(
  { etag }: Pick<ComponentScript, 'etag'>,
  ifNoneMatch: string | undefined,
): boolean {
  if (ifNoneMatch === undefined || ifNoneMatch.length > 1024) return false;
  const known = ifNoneMatch.split(',').map((item) => item.trim().replace(/^W\//, ''));
  return known.includes(etag) || known.includes('*');
}

function toStartingFolders(): readonly string[] {
  const program = process.argv[1];
  return program === undefined ? [process.cwd()] : [process.cwd(), dirname(program)];
}

function findScript(folders: readonly string[]): string | undefined {
  for (const folder of folders) {
    const require = createRequire(join(folder, 'package.json'));
    const found = [...toInstalled(require), ...toResolved(require)].find((path) => existsSync(path));
    if (found !== undefined) return found;
  }
  return undefined;
}

// The folders are walked by hand because an `exports` map may hide the file.
function toInstalled(require: NodeJS.Require): readonly string[] {
  return (require.resolve.paths(PACKAGE) ?? []).map((folder) => join(folder, PACKAGE, SCRIPT));
}

// Where there is no node_modules folder (Yarn's Plug'n'Play), the package's entry leads to its root.
function toResolved(require: NodeJS.Require): readonly string[] {
  try {
    const entry = require.resolve(PACKAGE);
    const end = entry.lastIndexOf(join('/', 'dist', '/'));
    return end === -1 ? [] : [join(entry.slice(0, end), SCRIPT)];
  } catch {
    return []; // it is not installed, or hides its entry
  }
}
