// The options that are known at registration: checked with the run-time ones, so that all mistakes are told at once.
import type { ReadBeside } from '../core/config/config.js';
import { describe } from '../core/config/option-reader.js';
import type { OptionReader } from '../core/config/option-reader.js';
import { KNOWN_OPTIONS, STATIC_OPTIONS } from '../core/config/options.js';
import { noteRouteMistakes } from '../routes/read-routes.js';

const ASYNC_OPTIONS: readonly string[] = [
  'useFactory',
  'useClass',
  'useExisting',
  'inject',
  'imports',
  'provideInjectionTokensFrom',
];

/** Makes what notes the mistakes of static options: those of `forRoot`, or of `forRootAsync` itself. */
export function toStaticReader(given: object, isAsync: boolean): ReadBeside {
  const members = given as Readonly<Record<string, unknown>>;
  return (options) => {
    noteSwitch(options, 'isGlobal', members['isGlobal']);
    noteRouteMistakes(options, members['routes']);
    if (isAsync) noteMisplaced(options, Object.keys(given));
  };
}

function noteSwitch(options: OptionReader, name: string, value: unknown): void {
  if (value === undefined || typeof value === 'boolean') return;
  options.mistake(name, describe(value), 'a boolean');
}

// Nest takes no notice of what it does not know there.
function noteMisplaced(options: OptionReader, names: readonly string[]): void {
  const known = [...ASYNC_OPTIONS, ...STATIC_OPTIONS];
  for (const name of names.filter((one) => !known.includes(one))) {
    if (KNOWN_OPTIONS.includes(name))
      options.mistake(name, 'a run-time option beside the factory', 'its place in what the factory gives');
    else options.mistake(name, 'an unknown option of forRootAsync', `one of ${known.join(', ')}`);
  }
}
