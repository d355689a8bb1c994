// Puts the settings of a checked seed into a project, and those that name a record of it.
import { EmulatorError } from '../errors.js';
import type { EmulatorSettings } from '../settings.js';
import type { PasswordPolicies, PasswordSettings } from '../store/password-policy.js';
import { DEFAULT_PASSWORD_SETTINGS } from '../store/password-policy.js';
import type { Project } from '../store/project.js';
import { toSeededId } from '../store/records.js';
import type { JwtTemplateRecord, JwtTemplates, TemplateType } from '../templates/jwt-template.js';
import { EMPTY_TEMPLATE } from '../templates/jwt-template.js';
import type { AttributeRecord } from '../users/custom-attributes.js';
import type { EmulatorSeed } from './seed.js';
import type { SeedCustomAttribute, SeedJwtTemplate, SeedPasswordSettings } from './seed-settings.js';

/** Declares custom attributes, adds JWT templates, and sets the rules for passwords of the project and its tenants. */
export function applySettings(project: Project, passwords: PasswordPolicies, seed: EmulatorSeed): void {
  if (seed.passwordSettings) passwords.configure('', toPasswordSettings(seed.passwordSettings));
  for (const { id, passwordSettings } of seed.tenants ?? []) {
    if (passwordSettings) passwords.configure(id, toPasswordSettings(passwordSettings));
  }
  project.customAttributes.declare((seed.customAttributes ?? []).map(toAttribute));
  for (const template of seed.jwtTemplates ?? []) project.jwtTemplates.records.put(toTemplate(template));
}

/** Adds what the password settings of a seed leave out. */
export function toPasswordSettings(settings: SeedPasswordSettings = {}): PasswordSettings {
  return { ...DEFAULT_PASSWORD_SETTINGS, ...settings };
}

/** The record of a custom attribute. */
export function toAttribute(attribute: SeedCustomAttribute): AttributeRecord {
  const { name, type = 'text', displayName = name, options = [] } = attribute;
  return {
    name,
    type,
    displayName,
    options: options.map((value) => ({ value, label: value })),
    shown: { viewPermissions: [], editPermissions: [] },
  };
}

/** The record of a JWT template. */
export function toTemplate(template: SeedJwtTemplate): JwtTemplateRecord {
  return { ...EMPTY_TEMPLATE, id: toSeededId('JT', template.name), ...template };
}

type TemplateSettings = Partial<Pick<EmulatorSettings, 'userJwtTemplate' | 'accessKeyJwtTemplate'>>;

/** Uses the JWT templates that settings name; throws `EMULATOR_OPTIONS_INVALID` for one that there is not. */
export function assignTemplates({ jwtTemplates }: Project, settings: TemplateSettings): void {
  const named = [
    ['user', 'userJwtTemplate', settings.userJwtTemplate],
    ['key', 'accessKeyJwtTemplate', settings.accessKeyJwtTemplate],
  ] as const;
  const chosen = named.flatMap(([type, setting, name]) =>
    name === undefined ? [] : [{ type, template: choose(jwtTemplates, { type, setting, name }) }],
  );
  for (const { type, template } of chosen) jwtTemplates.assign(type, template);
}

interface Choice {
  readonly type: TemplateType;
  readonly setting: string;
  readonly name: string;
}

function choose(templates: JwtTemplates, { type, setting, name }: Choice): JwtTemplateRecord | undefined {
  if (name === '') return templates.records.all.find((template) => template.type === type);
  if (name === 'default') return undefined;
  const found = templates.find(type, name);
  if (found) return found;
  const known = templates.records.all.filter((template) => template.type === type);
  const names = ['default', ...known.map((template) => template.name)].join(', ');
  const message = `The setting ${setting} is ${JSON.stringify(name)}; there are the JWT templates ${names}.`;
  throw new EmulatorError('EMULATOR_OPTIONS_INVALID', message);
}
