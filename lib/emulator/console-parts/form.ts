// A form that the console was sent: its fields as a management call takes them.
import { DescopeError } from '../errors.js';
import { isObject } from '../http/fields.js';
import type { JsonObject } from '../http/message.js';
import { isTooDeep } from '../http/message.js';

/** The fields of a form. */
export class Form {
  constructor(private readonly fields: URLSearchParams) {}

  /** Reads a text without spaces around it; an empty string where there is none. */
  text(name: string): string {
    return this.fields.get(name)?.trim() ?? '';
  }

  /** Reads a text; undefined where it is empty. */
  optional(name: string): string | undefined {
    return this.text(name) || undefined;
  }

  /** Whether a box is checked. */
  isChecked(name: string): boolean {
    return this.fields.has(name);
  }

  /** Reads all values of a name, such as boxes that are checked. */
  all(name: string): readonly string[] {
    return this.fields.getAll(name);
  }

  /** Reads a list that is written with commas or spaces. */
  list(name: string): readonly string[] {
    return this.text(name)
      .split(/[\s,]+/)
      .filter(Boolean);
  }

  /** Reads a number; undefined where the field is empty. */
  number(name: string): number | undefined {
    const text = this.text(name);
    if (text === '') return undefined;
    if (/^-?\d{1,12}$/.test(text)) return Number(text);
    throw new DescopeError('invalidArguments', `${toLabel(name)} must be a whole number`);
  }

  /** Reads a JSON object; an empty one where the field is empty. */
  json(name: string): JsonObject {
    const text = this.text(name);
    if (text === '') return {};
    const value = parse(text);
    if (isTooDeep(value))
      throw new DescopeError('invalidArguments', `${toLabel(name)} must not be nested so deeply`);
    if (isObject(value)) return value;
    throw new DescopeError(
      'invalidArguments',
      `${toLabel(name)} must be a JSON object such as {"name": "value"}`,
    );
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

// `loginId` is read as `Login id`.
function toLabel(name: string): string {
  const words = name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return words.charAt(0).toUpperCase() + words.slice(1);
}
