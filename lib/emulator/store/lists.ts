// The lists of a project: texts, IP addresses, or any JSON, which flows and applications look things up in.

/** A list as the emulator keeps it. */
export interface ListRecord {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  /** As the caller wrote it: node-sdk's type says `ip` and `text`, go-sdk's and python-sdk's `ips`, `texts` and `json`. */
  readonly type: string;
  /** The entries of texts or addresses; any value for JSON. */
  readonly data: unknown;
}

/** What a list holds. */
export type ListKind = 'ips' | 'texts' | 'json';

/** Reads the type of a list; undefined for an unknown one. */
export function toListKind(type: string): ListKind | undefined {
  if (type === 'ip' || type === 'ips') return 'ips';
  if (type === 'text' || type === 'texts') return 'texts';
  return type === 'json' ? 'json' : undefined;
}

/** The entries of a list of texts or addresses. */
export function entriesOf({ data }: ListRecord): readonly string[] {
  return Array.isArray(data) ? data.filter((entry) => typeof entry === 'string') : [];
}
