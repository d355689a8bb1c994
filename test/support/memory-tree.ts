// The files of a project in memory, with the methods of the CLI's tree that a schematic calls, and as strict as that is.
import type { ProjectTree } from '#lib/schematics/project-tree.js';

/** A tree of files, and how often it was written to. */
export class MemoryTree implements ProjectTree {
  readonly files: Map<string, string>;
  readonly written: string[] = [];

  constructor(files: Readonly<Record<string, string>>) {
    this.files = new Map(Object.entries(files));
  }

  exists(path: string): boolean {
    return this.files.has(path);
  }

  read(path: string): Buffer | null {
    const text = this.files.get(path);
    return text === undefined ? null : Buffer.from(text);
  }

  create(path: string, content: string): void {
    if (this.exists(path)) throw new Error(`${path} already exists`);
    this.#write(path, content);
  }

  overwrite(path: string, content: string): void {
    if (!this.exists(path)) throw new Error(`${path} does not exist`);
    this.#write(path, content);
  }

  getDir(folder: string): { visit(visitor: (path: string) => void): void } {
    const paths = [...this.files.keys()].filter((path) => path.startsWith(`${folder}/`));
    return { visit: (visitor) => paths.forEach((path) => visitor(`/${path}`)) };
  }

  /** The text of a file that must be there. */
  text(path: string): string {
    const text = this.files.get(path);
    if (text === undefined)
      throw new Error(`${path} is not there; there are ${[...this.files.keys()].join(', ')}`);
    return text;
  }

  #write(path: string, content: string): void {
    this.files.set(path, content);
    this.written.push(path);
  }
}
