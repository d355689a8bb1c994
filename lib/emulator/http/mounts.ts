// The projects of a server: the main one at its root, and others below a base path of their own.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ProjectState } from '../project-state.js';

/** A project, its console, and its responses under way. */
export interface Mount {
  readonly state: ProjectState;
  readonly webConsole: WebConsole;
  readonly responses: Set<ServerResponse>;
}

/** The console of a project. */
interface WebConsole {
  /** Responds to a request for the console, by its path below the base path; reports whether it was one. */
  respond(request: IncomingMessage, response: ServerResponse, path: string): Promise<boolean>;
}

/** The project of a request, and the path below its base path. */
export interface MountedPath extends Mount {
  readonly path: string;
}

/** Finds the project of a request by the first segment of its path. */
export class Mounts {
  readonly #main: Mount;
  readonly #byBase = new Map<string, Mount>();

  constructor(
    main: ProjectState,
    private readonly createConsole: (state: ProjectState) => WebConsole,
  ) {
    this.#main = this.#toMount(main);
  }

  /** The projects below a base path. */
  get others(): readonly ProjectState[] {
    return [...this.#byBase.values()].map(({ state }) => state);
  }

  /** Whether a base path is taken. */
  has(base: string): boolean {
    return this.#byBase.has(base);
  }

  /** Adds a project below a base path, which is one segment. */
  add(base: string, state: ProjectState): void {
    this.#byBase.set(base, this.#toMount(state));
  }

  /** Removes a project, and destroys its responses under way. */
  remove(state: ProjectState): void {
    for (const [base, mount] of this.#byBase) {
      if (mount.state !== state) continue;
      this.#byBase.delete(base);
      for (const response of mount.responses) response.destroy();
    }
  }

  /** Finds the project of a path. */
  find(path: string): MountedPath {
    const [, before = '', base = ''] = BASE.exec(path) ?? [];
    const mount = this.#byBase.get(base);
    if (!mount) return { ...this.#main, path };
    return { ...mount, path: before + path.slice(before.length + base.length + 1) || '/' };
  }

  #toMount(state: ProjectState): Mount {
    return { state, webConsole: this.createConsole(state), responses: new Set() };
  }
}

// RFC 8414 section 3.1 puts the well-known name before the path of the issuer.
const BASE = /^(\/\.well-known\/[^/]+)?\/([^/]+)/;
