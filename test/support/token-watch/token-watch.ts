// Watches a test file for tokens in logs, answers and errors.
import { toAllText, watchSinks } from './sinks.js';
import { TokenFinder } from './token-finder.js';

export class TokenWatch {
  #finder = new TokenFinder();
  readonly #errors = new Set<Error>();
  readonly #findings: string[] = [];
  #seen = 0;
  #stop: (() => void) | undefined;

  /** Begins anew: what was seen in other files is forgotten. */
  start(): void {
    this.#finder = new TokenFinder();
    this.#errors.clear();
    this.#findings.length = 0;
    this.#seen = 0;
    this.#stop = watchSinks({
      written: (door, text) => this.#look(door, text),
      made: (error) => void this.#errors.add(error),
      asked: (text) => this.#finder.learn(text, true),
      handedOut: (text) => this.#finder.learn(text),
    });
  }

  stop(): void {
    this.#stop?.();
  }

  /** How many texts were looked through: a watch that sees nothing finds nothing. */
  get seen(): number {
    return this.#seen;
  }

  /** The findings since the last call; the errors that were made since are read now. */
  take(): readonly string[] {
    for (const error of this.#errors) this.#look(`an error, ${error.name}`, toErrorText(error));
    this.#errors.clear();
    return this.#findings.splice(0);
  }

  #look(door: string, text: string): void {
    this.#seen += 1;
    const hint = this.#finder.find(text);
    if (hint !== undefined) this.#findings.push(`${door}: ${hint}`);
  }
}

function toErrorText(error: Error): string {
  return `${String(error)} ${error.stack ?? ''} ${toAllText(error)} ${toAllText(error.cause ?? '')}`;
}

/** The one that setup.ts starts, for tests of the watch itself. */
export const tokenWatch = new TokenWatch();
