// The files of a project as the schematic is given them: of the tree of @angular-devkit/schematics, only what is used here.

/** The tree that the CLI of Nest hands to a schematic. Nothing is written before the schematic has ended. */
export interface ProjectTree {
  exists(path: string): boolean;
  read(path: string): { toString(encoding: 'utf8'): string } | null;
  create(path: string, content: string): void;
  overwrite(path: string, content: string): void;
  getDir(path: string): { visit(visitor: (path: string) => void): void };
}

/** A JSON object of which nothing is known. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Reads a file as text; nothing, if there is no such file. */
export function readText(tree: ProjectTree, path: string): string | undefined {
  return tree.exists(path) ? tree.read(path)?.toString('utf8') : undefined;
}

/** Reads a file as a JSON object; empty, if there is none or it is not one. */
export function readJson(tree: ProjectTree, path: string): JsonObject {
  try {
    return toObject(JSON.parse(readText(tree, path) ?? '{}'));
  } catch {
    return {};
  }
}

/** Takes a value for an object, or for an empty one. */
export function toObject(value: unknown): JsonObject {
  return typeof value === 'object' && value !== null ? (value as JsonObject) : {};
}

/** Returns the line break that a text uses. */
export function toLineBreak(text: string): string {
  return text.includes('\r\n') ? '\r\n' : '\n';
}
