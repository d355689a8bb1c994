// Checks the configuration: the options of the environment and of the code, read as the application reads them.
import { isDeepStrictEqual } from 'node:util';
import type { DescopeConfig } from '../../core/config/config.js';
import { resolveConfig } from '../../core/config/config.js';
import { IN_A_TEST, PROJECT_ID_SOURCES } from '../../core/config/endpoints.js';
import { isProduction, mergeOptions, readEnvironment } from '../../core/config/environment.js';
import { STATIC_OPTIONS } from '../../core/config/option-reader.js';
import { readStartupNotices } from '../../core/config/startup-notices.js';
import { DescopeConfigError } from '../../core/errors.js';
import { isLoopbackUrl, toRegionalBaseUrl } from '../../core/http/base-url.js';
import { toHost } from '../../core/request-failure.js';
import type { DoctorInput } from './doctor-arguments.js';
import type { Finding } from './finding.js';
import { ok, problem, warning } from './finding.js';
import type { Variables } from './variables.js';
import { findMeant, mergeVariables, OPTIONS_BY_VARIABLE, toCorrection } from './variables.js';

/** What there is of the application's configuration; without `config` it is not valid. */
export interface CheckedConfiguration {
  readonly config: DescopeConfig | undefined;
  readonly findings: readonly Finding[];
  /** What must not be printed. */
  readonly secrets: readonly string[];
}

/** Resolves the configuration, and lists its mistakes and what is worth a thought. */
export function checkConfiguration(variables: Variables, input: DoctorInput): CheckedConfiguration {
  const all = mergeVariables(variables, input);
  const settings = readSettings(all, input);
  const given = settings.options as Readonly<Record<string, unknown>>;
  const misspelt = toMisspelt(all, given);
  const { managementKey, authManagementKey, events } = settings.options;
  const webhookSecret = typeof events === 'object' ? events.secret : undefined;
  const secrets = [managementKey, authManagementKey, webhookSecret].flat().filter(isText);
  try {
    const config = resolveConfig(settings.options, settings.isProduction);
    const needsFile = !isDeepStrictEqual(settings, readSettings(variables, input));
    const source = toSource(config, input, needsFile);
    return { config, findings: [source, toPlace(config), ...toNotices(config), ...misspelt], secrets };
  } catch (error) {
    if (!(error instanceof DescopeConfigError)) throw error;
    return { config: undefined, findings: [...toMistakes(error, variables, input), ...misspelt], secrets };
  }
}

function readSettings(variables: Variables, input: DoctorInput) {
  const read = (name: string): unknown => (Object.hasOwn(variables, name) ? variables[name] : undefined);
  const options = mergeOptions(readEnvironment(read), withoutStatic(input.options ?? {}));
  return { options, isProduction: isProduction(read) };
}

function toSource(config: DescopeConfig, { envFile, options }: DoctorInput, needsFile: boolean): Finding {
  const from = ['the environment', ...(envFile ? [envFile.name] : []), ...(options ? ['--options'] : [])];
  const mode = config.session.cookies.isProduction ? ', for production' : '';
  const left = options
    ? ''
    : ' Options that stand in the code of the application are not seen without --options.';
  const message = `Valid; read from ${from.join(', ')}${mode}.${left}`;
  if (envFile === undefined || !needsFile) return ok('configuration', message);
  const { name } = envFile;
  const call = `ConfigModule.forRoot(${name === '.env' ? '' : `{ envFilePath: '${name}' }`})`;
  const advice = `The application reads ${name} only if it imports ${call} of @nestjs/config.`;
  return warning('configuration', message, { advice });
}

function toMisspelt(all: Variables, given: Readonly<Record<string, unknown>>): Finding[] {
  return Object.keys(all).flatMap((name) => {
    const meant = findMeant(name);
    if (meant === undefined || given[OPTIONS_BY_VARIABLE.get(meant) ?? ''] !== undefined) return [];
    const advice = `Rename it to ${meant}, or ignore this if the application itself reads ${name}.`;
    return [warning('configuration', `Unknown variable ${name}; did you mean ${meant}?`, { advice })];
  });
}

function toPlace({ projectId, baseUrl }: DescopeConfig): Finding {
  const regional = toRegionalBaseUrl(projectId);
  const message = `Project ${projectId} at ${baseUrl}`;
  if (baseUrl === regional) return ok('project', `${message}, the API of its region.`);
  if (isLoopbackUrl(baseUrl)) return ok('project', `${message}, an emulator or a proxy of this machine.`);
  if (!/(?:^|\.)descope\.com$/.test(toHost(baseUrl)))
    return ok('project', `${message}, a domain of your own; the API of its region is ${regional}.`);
  const advice = `Remove baseUrl (DESCOPE_BASE_URI), or set it to ${regional}.`;
  return warning('project', `${message}, which is not the API of its region (${regional}).`, { advice });
}

function toNotices(config: DescopeConfig): Finding[] {
  return readStartupNotices(config).map(({ code, fact, advice }) =>
    warning('configuration', fact, { advice, code }),
  );
}

function toMistakes(
  { details, message, code }: DescopeConfigError,
  variables: Variables,
  input: DoctorInput,
): Finding[] {
  const { mistakes } = details;
  const lines = Array.isArray(mistakes) ? (mistakes as readonly string[]) : [message];
  return lines.map((line) => {
    const text = line.replace(/^- /, '').replace(` ${IN_A_TEST}`, '').replace(` ${PROJECT_ID_SOURCES}.`, '');
    const [path = ''] = text.split(':');
    const advice = text.startsWith('projectId: got nothing')
      ? toProjectIdAdvice(input)
      : toCorrection(path, variables, input);
    return problem('configuration', text, { advice, code });
  });
}

function toProjectIdAdvice({ envFile }: DoctorInput): string {
  const places = `environment or ${envFile === undefined ? '.env; no .env here' : envFile.name}`;
  return `Set DESCOPE_PROJECT_ID (${places}). Set in code? Use --options file.json. With the emulator: eval "$(npx nestjs-descope emulator --env)"`;
}

// Static options are checked where a module is registered; their controllers and guards are no JSON.
function withoutStatic(options: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(options).filter(([name]) => !STATIC_OPTIONS.includes(name)));
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
