// The options that say where the emulator is reached, and which pages may use it.
import { isIP } from 'node:net';
import type { CallerRules } from './origins.js';

/** Where the emulator is reached, and which pages may use it. */
export interface CallerOptions {
  /**
   * The URL by which browsers and applications reach the emulator, if it is not the one that it listens on: through a
   * published port of a container, or a proxy, which removes a path of it. Links, metadata and issuers contain it.
   *
   * @defaultValue the URL that it listens on
   */
  readonly publicUrl?: string | undefined;
  /**
   * Further host names by which the emulator is called, without a port. Others are rejected with 421, because a page
   * can point its own name at this machine (DNS rebinding). With `allowRemote`, addresses and names that only a private
   * network has are accepted too, such as `emulator`.
   *
   * @defaultValue loopback, `host` and the host of `publicUrl`
   */
  readonly allowedHosts?: readonly string[] | undefined;
  /**
   * The origins of further pages that may use the API from a browser, such as `https://app.example.test`. Pages of other
   * origins are rejected with 403.
   *
   * @defaultValue pages of this machine: `localhost`, `*.localhost`, `127.0.0.0/8` and `[::1]`, at every port
   */
  readonly allowedOrigins?: readonly string[] | undefined;
}

/** Lists what is wrong with them, one line a mistake. */
export function findCallerMistakes({
  publicUrl,
  allowedHosts,
  allowedOrigins,
}: CallerOptions): readonly string[] {
  const mistakes: string[] = [];
  if (publicUrl !== undefined && !isPublicUrl(publicUrl)) {
    mistakes.push(
      `publicUrl must be an http or https URL without user, query and fragment, got ${show(publicUrl)}`,
    );
  }
  mistakes.push(...findItemMistakes('allowedHosts', allowedHosts, [isHost, 'host names without a port']));
  const origins = 'origins such as https://app.example.test';
  return [...mistakes, ...findItemMistakes('allowedOrigins', allowedOrigins, [isOrigin, origins])];
}

/** Lists what is wrong with the address to listen on. */
export function findHostMistakes({ host, allowRemote }: CallerRules): readonly string[] {
  if (typeof allowRemote !== 'boolean')
    return [`allowRemote must be true or false, got ${show(allowRemote)}`];
  if (isLoopback(host) || (allowRemote && (isIP(host) !== 0 || isHostName(host)))) return [];
  if (allowRemote) return [`host must be an address or a host name, got ${show(host)}`];
  return [
    `host must be a loopback address (127.0.0.1, ::1 or localhost), got ${show(host)}: ` +
      'anyone who can reach the emulator can sign in as any user; --allow-remote (allowRemote) allows it',
  ];
}

function isHostName(host: string): boolean {
  return /^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/i.test(host) && !/^[\d.]+$/.test(host);
}

/** Checks whether only this machine reaches a host. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

/** Writes a public URL without its trailing slashes. */
export function toPublicUrl(publicUrl: string | undefined): string | undefined {
  if (publicUrl === undefined || !isPublicUrl(publicUrl)) return undefined;
  const { origin, pathname } = new URL(publicUrl);
  return origin + pathname.replace(/\/+$/, '');
}

type Rule = readonly [holds: (value: string) => boolean, wanted: string];

function findItemMistakes(name: string, items: unknown, [holds, wanted]: Rule): readonly string[] {
  if (items === undefined) return [];
  if (!Array.isArray(items)) return [`${name} must be an array of ${wanted}, got ${show(items)}`];
  return items.flatMap((item: unknown) =>
    typeof item === 'string' && holds(item) ? [] : [`${name} must be ${wanted}, got ${show(item)}`],
  );
}

function isPublicUrl(value: unknown): boolean {
  if (typeof value !== 'string' || !/^https?:\/\//i.test(value) || !URL.canParse(value)) return false;
  const { username, password, search, hash } = new URL(value);
  return username === '' && password === '' && search === '' && hash === '';
}

function isHost(value: string): boolean {
  if (value.startsWith('[')) return value.endsWith(']') && isIP(value.slice(1, -1)) === 6;
  return /^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/i.test(value);
}

// As a browser writes it. Applications in a shell of their own have another scheme: `capacitor://localhost`.
function isOrigin(value: string): boolean {
  if (!/^[a-z][a-z0-9+.-]*:\/\/[^\s/?#@*]+$/.test(value) || !URL.canParse(value)) return false;
  const { origin } = new URL(value);
  return origin === 'null' || origin === value;
}

function show(value: unknown): string {
  return JSON.stringify(value) ?? String(value);
}
