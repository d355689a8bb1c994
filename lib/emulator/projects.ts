// The projects of one server: the main one at its root, and those that tests add below base paths of their own.
import type { Server } from 'node:http';
import { EmulatorConsole } from './console/console.js';
import { EmulatorError } from './errors.js';
import { Mounts } from './http/mounts.js';
import type { Route } from './http/router.js';
import { Router } from './http/router.js';
import { closeServer, createEmulatorServer } from './http/server.js';
import type { EmulatorOptions, ResolvedOptions } from './options.js';
import { resolveOptions } from './options.js';
import { ProjectState } from './project-state.js';
import { loadSeed } from './seed/load-seed.js';
import type { EmulatorSettings } from './settings.js';
import type { KeyAlgorithm } from './store/key-ring.js';
import { createKey, KeyRing } from './store/key-ring.js';
import { createId } from './store/records.js';

/** The options of `createProject`, beside the initial settings of the project. All are optional. */
export interface ProjectOptions
  extends Pick<EmulatorOptions, 'managementKey' | 'seed' | 'webhooks'>, Partial<EmulatorSettings> {
  /**
   * The last segment of the project's URL: letters, digits, `-` and `_`.
   *
   * @defaultValue a random one
   */
  readonly basePath?: string;
  /**
   * The project id: `P` and 27 or 31 letters or digits. Two projects may have the same one.
   *
   * @defaultValue a random one, so that an application that calls the wrong project is rejected
   */
  readonly projectId?: string;
  /**
   * The algorithm of the signing key, which is the project's own. An RSA key takes the machine about 150 ms, one of
   * `ES384` 1 ms.
   *
   * @defaultValue the algorithm of `startEmulator`
   */
  readonly algorithm?: KeyAlgorithm;
}

/** Adds and removes the projects of a server. */
export class Projects {
  readonly server: Server;
  readonly #mounts: Mounts;
  readonly #reserved: ReadonlySet<string>;

  constructor(
    private readonly main: ProjectState,
    private readonly options: ResolvedOptions,
    routes: readonly Route[],
  ) {
    const router = new Router(routes);
    this.#mounts = new Mounts(main, (state) => new EmulatorConsole(state, router));
    main.siblings = () => [main, ...this.#mounts.others];
    this.server = createEmulatorServer({ mounts: this.#mounts, router, rules: options });
    this.#reserved = new Set([...toFirstSegments(routes), 'health', 'emulator', main.projectId]);
  }

  /** Creates a project below a base path. */
  async create(options: ProjectOptions): Promise<ProjectState> {
    const { basePath = createId('p-').slice(0, 18), ...others } = options;
    const resolved = this.#resolve(others);
    const state = new ProjectState(
      resolved,
      loadSeed(options.seed),
      new KeyRing(await createKey(resolved.algorithm)),
    );
    this.#assertFree(basePath); // no await from here: of two projects at once, only one gets it
    state.url = `${this.main.url}/${basePath}`;
    state.siblings = this.main.siblings;
    this.#mounts.add(basePath, state);
    return state;
  }

  /** Removes a project; with the main one, all of them and the server. */
  async close(state: ProjectState): Promise<void> {
    state.webhooks.stop();
    if (state !== this.main) {
      this.#mounts.remove(state);
      return;
    }
    for (const other of this.#mounts.others) await this.close(other);
    await closeServer(this.server);
  }

  #resolve(options: Omit<ProjectOptions, 'basePath'>): ResolvedOptions {
    const own = OF_SERVER.find((name) => Object.hasOwn(options, name));
    if (own !== undefined) throw invalid(`${own} is an option of startEmulator, for all projects of it`);
    const { projectId = createId('P'), algorithm = this.options.algorithm } = options;
    const { host, port, allowRemote, publicUrl, allowedHosts, allowedOrigins } = this.options;
    const shared = { host, port, allowRemote, publicUrl, allowedHosts, allowedOrigins };
    return resolveOptions({ ...options, projectId, algorithm, ...shared });
  }

  #assertFree(basePath: string): void {
    if (!this.server.listening) throw new EmulatorError('EMULATOR_CLOSED', 'The emulator is closed.');
    if (!/^[\w-]{1,100}$/.test(basePath)) {
      throw invalid(`basePath must be 1 to 100 letters, digits, - or _, got ${JSON.stringify(basePath)}`);
    }
    if (this.#reserved.has(basePath)) throw invalid(`basePath ${basePath} is a path of Descope's API`);
    if (this.#mounts.has(basePath)) throw invalid(`basePath ${basePath} belongs to another project`);
  }
}

const OF_SERVER = ['host', 'port', 'allowRemote', 'publicUrl', 'allowedHosts', 'allowedOrigins'];

function toFirstSegments(routes: readonly Route[]): readonly string[] {
  return routes.map(({ path }) => path.split('/')[1] ?? '');
}

function invalid(mistake: string): EmulatorError {
  return new EmulatorError('EMULATOR_OPTIONS_INVALID', `The project cannot be created: ${mistake}.`);
}
