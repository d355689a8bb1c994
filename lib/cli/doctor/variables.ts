// The variables that an application is configured by: which option each one sets, where it stands, and which one a misspelt name is meant to be.
import { readEnvironment } from '../../core/config/environment.js';
import { countEdits, SIMILAR_EDITS } from '../../core/similar-name.js';
import type { DoctorInput } from './doctor-arguments.js';

/** Variables by their names. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** The option that each variable sets; of two variables for one option, the one that counts comes first. */
export const OPTIONS_BY_VARIABLE: ReadonlyMap<string, string> = new Map(
  listVariables().map((name) => [name, toOption(name)]),
);

/** Returns all variables: those of the process, and those that only the file has. */
export function mergeVariables(variables: Variables, { envFile }: DoctorInput): Variables {
  const defined = Object.entries(variables).filter(([, value]) => value !== undefined);
  return { ...envFile?.variables, ...Object.fromEntries(defined) };
}

/** Says what to correct for a mistake in an option, such as `session.cookie.domain`. */
export function toCorrection(path: string, variables: Variables, input: DoctorInput): string {
  const [option = ''] = path.split(/[.[]/);
  const all = mergeVariables(variables, input);
  const isSet = (name: string) => Object.hasOwn(all, name) && all[name]?.trim() !== '';
  const found = [...OPTIONS_BY_VARIABLE].find(([name, sets]) => sets === option && isSet(name));
  const isInCode = input.options !== undefined && Object.hasOwn(input.options, option);
  if (found === undefined || isInCode) return `Correct ${path} in the code and in the file of --options.`;
  const [name] = found;
  const place = variables[name] === undefined ? input.envFile?.name : undefined;
  return `Correct ${name} in ${place ?? 'the environment'}.`;
}

/** Finds the variable that was meant by a name that begins with `DESCOPE` and is not one of the package's variables. */
export function findMeant(name: string): string | undefined {
  const letters = toLetters(name);
  if (!letters.startsWith('DESCOPE') || letters === 'DESCOPE' || OPTIONS_BY_VARIABLE.has(name))
    return undefined;
  const distances = [...OPTIONS_BY_VARIABLE.keys()].map((known) => {
    const lacksLastWord = toLetters(known.replace(/_[^_]+$/, '')) === letters;
    return { known, distance: lacksLastWord ? 1 : countEdits(letters, toLetters(known)) };
  });
  const [nearest] = distances.sort((one, other) => one.distance - other.distance);
  return nearest !== undefined && nearest.distance <= SIMILAR_EDITS ? nearest.known : undefined;
}

function toLetters(name: string): string {
  return name.toUpperCase().replace(/[^A-Z0-9]/g, '');
}

function listVariables(): readonly string[] {
  const names: string[] = [];
  readEnvironment((name) => void names.push(name));
  return names;
}

function toOption(variable: string): string {
  const options = readEnvironment((name) => (name === variable ? 'any text' : undefined));
  return Object.entries(options).find(([, value]) => value !== undefined)?.[0] ?? '';
}
