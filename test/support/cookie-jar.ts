// A browser's cookies, as far as a test needs them.

/** Keeps cookies between requests: name → value; an expired one goes. */
export class CookieJar {
  readonly #cookies = new Map<string, string>();

  /** The Cookie header, or none. */
  get headers(): Record<string, string> {
    const pairs = [...this.#cookies].map(([name, value]) => `${name}=${value}`);
    return pairs.length === 0 ? {} : { cookie: pairs.join('; ') };
  }

  get(name: string): string | undefined {
    return this.#cookies.get(name);
  }

  set(name: string, value: string): this {
    this.#cookies.set(name, value);
    return this;
  }

  /** Takes the Set-Cookie lines of an answer. */
  take(headers: Headers): this {
    for (const line of headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (/;\s*max-age=0/i.test(line)) this.#cookies.delete(name);
      else this.#cookies.set(name, value);
    }
    return this;
  }
}
