// A `fetch` at the edge of the network that holds back what Descope answers, until a test lets it go: what a test does
// meanwhile comes before the answer, however busy the machine is.
import type { Fetch } from 'nestjs-descope';
import { askUntil } from './ask-until.js';

export class HeldCalls {
  #path: string | undefined;
  #count = 0;
  #go: () => void = () => undefined;
  #gone: Promise<void> | undefined;

  readonly fetch: Fetch = async (input, init) => {
    const response = await fetch(input, init);
    const url = input instanceof Request ? input.url : String(input);
    if (this.#path === undefined || !new URL(url).pathname.endsWith(this.#path)) return response;
    this.#count += 1;
    await this.#gone;
    return response;
  };

  /** Holds back the answers to calls of a path from now on. */
  hold(path: string): void {
    this.#path = path;
    this.#count = 0;
    this.#gone = new Promise((resolve) => (this.#go = resolve));
  }

  /** Waits until so many answers are held back. */
  async wait(count = 1): Promise<void> {
    const held = await askUntil(
      async () => this.#count,
      (now) => now >= count,
    );
    if (held < count) throw new Error(`Descope was asked ${held} times and not ${count}.`);
  }

  /** Lets go what is held back, and holds no more. */
  release(): void {
    this.#path = undefined;
    this.#go();
  }
}
