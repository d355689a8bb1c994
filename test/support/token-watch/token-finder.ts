// Finds tokens in text: whatever looks like one, and the parts of those that were seen on the way in.

const COMPACT = /eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]*/g; // base64url of `{"`, as every JSON header begins
const RUN = /[\w-]{16,}/g; // what a part could be, cut out of its surroundings
const CREDENTIAL = /^bearer +(\S{24,})$/i; // text that was sent as a token and is none
const HEAD = 24; // characters of a part by which it is known even if the rest was cut off

export class TokenFinder {
  readonly #parts = new Set<string>();

  /**
   * Keeps payloads and signatures of the tokens in a text; headers are the same for all, and no secret. What an
   * application is sent as a bearer credential counts as a token, whatever it looks like.
   */
  learn(text: string, isForApplication = false): void {
    for (const [token] of text.matchAll(COMPACT))
      token
        .split('.')
        .slice(1)
        .forEach((part) => this.#keep(part));
    const credential = isForApplication ? CREDENTIAL.exec(text)?.[1] : undefined;
    credential
      ?.split('.')
      .slice(-2)
      .forEach((part) => this.#keep(part));
  }

  /** Answers the beginning of the first token, or part of one, that a text holds. */
  find(text: string): string | undefined {
    const whole = text.match(COMPACT)?.[0];
    if (whole !== undefined) return toHint(whole);
    for (const [run] of text.matchAll(RUN))
      if (this.#parts.has(run) || this.#parts.has(run.slice(0, HEAD))) return toHint(run);
    return undefined;
  }

  #keep(part: string): void {
    if (!/^[\w-]{16,}$/.test(part)) return;
    this.#parts.add(part);
    // Payloads of one project begin alike, so only a long beginning tells; a signature's is as good as the whole.
    if (part.length > HEAD && !part.startsWith('eyJ')) this.#parts.add(part.slice(0, HEAD));
  }
}

// A report must not do what it reports.
function toHint(text: string): string {
  return `${text.slice(0, 12)}… (${text.length} characters)`;
}
