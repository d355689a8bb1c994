// The environment → where to listen, on which adapter, for which project, and where sessions are kept.
import type { SessionSettings } from './session-settings.js';
import { readSessionSettings } from './session-settings.js';

export type AdapterName = 'express' | 'fastify';

export interface Settings extends SessionSettings {
  readonly host: string;
  readonly port: number;
  readonly adapter: AdapterName;
  /** The Descope project; without one, an embedded Descope is started. */
  readonly projectId: string | undefined;
  /** Writes the access map, and ends; without it, the application is served. */
  readonly accessMap: 'table' | 'json' | undefined;
}

/** Gives a variable of the environment; an empty one counts as absent. */
export type Read = (name: string) => string | undefined;

/** Reads the settings; empty variables count as absent. Throws one error that lists every mistake. */
export function readSettings(environment: Readonly<Record<string, string | undefined>>): Settings {
  const read: Read = (name) => environment[name]?.trim() || undefined;
  const port = read('PORT') ?? '3000';
  const adapter = read('HTTP_ADAPTER') ?? 'express';
  const projectId = read('DESCOPE_PROJECT_ID');
  const accessMap = read('ACCESS_MAP');
  const mistakes: string[] = [];
  if (!isPort(port)) mistakes.push(`PORT is "${port}"; it must be a whole number from 0 to 65535.`);
  if (!isAdapter(adapter)) mistakes.push(`HTTP_ADAPTER is "${adapter}"; it must be express or fastify.`);
  if (!isMapForm(accessMap)) mistakes.push(`ACCESS_MAP is "${accessMap}"; it must be table or json.`);
  for (const name of OF_A_PROJECT)
    if (projectId === undefined && read(name) !== undefined)
      mistakes.push(`${name} is set without DESCOPE_PROJECT_ID; set both, or none for the emulator.`);
  const sessions = readSessionSettings(read, mistakes);
  if (!isAdapter(adapter) || !isMapForm(accessMap) || mistakes.length > 0)
    throw new Error(mistakes.join('\n'));
  const host = read('HOST') ?? '127.0.0.1';
  return { host, port: Number(port), adapter, projectId, accessMap, ...sessions };
}

const OF_A_PROJECT = ['DESCOPE_BASE_URI', 'DESCOPE_BASE_URL', 'DESCOPE_PUBLIC_KEY'];

function isPort(text: string): boolean {
  return /^\d{1,5}$/.test(text) && Number(text) <= 65_535;
}

function isAdapter(text: string): text is AdapterName {
  return text === 'express' || text === 'fastify';
}

function isMapForm(text: string | undefined): text is Settings['accessMap'] {
  return text === undefined || text === 'table' || text === 'json';
}
