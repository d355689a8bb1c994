// A Nest logger that keeps what it is told, as the text that would have been written.
import { inspect } from 'node:util';
import type { LoggerService } from '@nestjs/common';

export class CollectingLogger implements LoggerService {
  /** One entry a message: its level and its text. */
  readonly entries: string[] = [];

  log = (...parts: unknown[]): void => this.#keep('log', parts);
  warn = (...parts: unknown[]): void => this.#keep('warn', parts);
  error = (...parts: unknown[]): void => this.#keep('error', parts);
  fatal = (...parts: unknown[]): void => this.#keep('fatal', parts);
  debug = (...parts: unknown[]): void => this.#keep('debug', parts);
  verbose = (...parts: unknown[]): void => this.#keep('verbose', parts);

  /** The entries that hold a text. */
  find(text: string): string[] {
    return this.entries.filter((entry) => entry.includes(text));
  }

  // `inspect` with hidden members shows whatever a logger could ever print of an object.
  #keep(level: string, parts: readonly unknown[]): void {
    const texts = parts.map((part) => (typeof part === 'string' ? part : inspect(part, INSPECTION)));
    this.entries.push(`${level}: ${texts.join(' ')}`);
  }
}

const INSPECTION = { depth: 8, showHidden: true, maxStringLength: null };
