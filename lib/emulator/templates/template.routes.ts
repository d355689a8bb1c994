// Management of JWT templates.
import { DescopeError } from '../errors.js';
import {
  below,
  readBoolean,
  readObject,
  readString,
  readStrings,
  requireObject,
  requireString,
} from '../http/fields.js';
import type { Call, JsonObject } from '../http/message.js';
import { ok } from '../http/message.js';
import type { Handler } from '../http/router.js';
import { routesFor, takes } from '../http/router.js';
import type { ProjectState } from '../project-state.js';
import { createId } from '../store/records.js';
import type { JwtTemplateRecord } from './jwt-template.js';
import { EMPTY_TEMPLATE, findTemplateIssues } from './jwt-template.js';

const create: Handler = (call, state) => {
  const template = { ...readTemplate(requireObject(call.body, 'template')), id: createId('JT') };
  return ok({ template: saveTemplate(template, state) });
};

// All fields are replaced (go-sdk); those that are left out have no effect any more.
const update: Handler = (call, state) => {
  const body = requireObject(call.body, 'template');
  const { id, type } = requireTemplate(requireString(body, 'id'), state);
  const template = readTemplate(body);
  if (template.type !== type) {
    throw new DescopeError('invalidArguments', 'The type of a JWT template cannot be changed');
  }
  return ok({ template: saveTemplate({ ...template, id }, state) });
};

const remove: Handler = (call, state) => {
  state.project.jwtTemplates.remove(requireNamed(call, state));
  return ok();
};

const list: Handler = (_call, state) => ok({ templates: state.project.jwtTemplates.records.all });

const load: Handler = (call, state) => ok({ template: requireNamed(call, state) });

// A template that exists, or one that does not yet.
const validate: Handler = (call, state) => {
  const body = readObject(call.body, 'template');
  const template = body ? readTemplate(body) : requireNamed(call, state);
  const issues = findTemplateIssues(template);
  // node-sdk reads `path` and `severity`, go-sdk `field` and `code`.
  const shown = issues.map((issue) => ({ ...issue, path: issue.field, severity: 'error' }));
  return ok({ valid: issues.length === 0, issues: shown });
};

// `enforceIssuer` has no effect here, and its documentation does not say which it has at Descope.
const TEMPLATE = below(
  'template',
  'id name description template type source tags authSchema issuerType emptyClaimPolicy autoDCT conformanceIssuer ' +
    'overrideSubject omitCustomClaimsFromDSR addJti excludePermissions',
);

/** The routes that manage JWT templates. */
export const jwtTemplateRoutes = routesFor('management', {
  'POST /v1/mgmt/jwt/templates/create': takes(TEMPLATE, create),
  'POST /v1/mgmt/jwt/templates/update': takes(TEMPLATE, update),
  'POST /v1/mgmt/jwt/templates/delete': takes('id', remove),
  'POST /v1/mgmt/jwt/templates/list': takes('', list),
  'POST /v1/mgmt/jwt/templates/load': takes('id', load),
  'POST /v1/mgmt/jwt/templates/validate': takes(`id ${TEMPLATE}`, validate),
});

function saveTemplate(template: JwtTemplateRecord, state: ProjectState): JwtTemplateRecord {
  const issues = findTemplateIssues(template);
  if (issues.length > 0) {
    const reasons = issues.map(({ code, field, message }) => `${code} ${field}: ${message}`);
    throw new DescopeError('invalidArguments', `The JWT template is not valid: ${reasons.join('; ')}`);
  }
  const namesake = state.project.jwtTemplates.records.all.find(({ name }) => name === template.name);
  if (namesake && namesake.id !== template.id) {
    throw new DescopeError('invalidArguments', `The JWT template ${template.name} already exists`);
  }
  return state.project.jwtTemplates.records.put(template);
}

function requireNamed(call: Call, state: ProjectState): JwtTemplateRecord {
  return requireTemplate(requireString(call.body, 'id'), state);
}

function requireTemplate(id: string, state: ProjectState): JwtTemplateRecord {
  const template = state.project.jwtTemplates.records.find(id);
  if (!template) throw new DescopeError('invalidArguments', `There is no JWT template ${id}`);
  return template;
}

function readTemplate(body: JsonObject): Omit<JwtTemplateRecord, 'id'> {
  const flag = (name: string) => readBoolean(body, name) ?? false;
  return {
    name: readString(body, 'name') ?? '',
    description: readString(body, 'description') ?? '',
    type: readOneOf(body, 'type', TYPES) ?? EMPTY_TEMPLATE.type,
    template: readObject(body, 'template') ?? {},
    authSchema: readOneOf(body, 'authSchema', SCHEMAS) ?? EMPTY_TEMPLATE.authSchema,
    issuerType: readOneOf(body, 'issuerType', ISSUERS) ?? EMPTY_TEMPLATE.issuerType,
    emptyClaimPolicy: readOneOf(body, 'emptyClaimPolicy', POLICIES) ?? EMPTY_TEMPLATE.emptyClaimPolicy,
    autoDCT: flag('autoDCT'),
    conformanceIssuer: flag('conformanceIssuer'),
    overrideSubject: flag('overrideSubject'),
    omitCustomClaimsFromDSR: flag('omitCustomClaimsFromDSR'),
    addJti: flag('addJti'),
    excludePermissions: flag('excludePermissions'),
    source: readString(body, 'source') ?? '',
    tags: readStrings(body, 'tags') ?? [],
  };
}

const TYPES = ['user', 'key'] as const;
const SCHEMAS = ['default', 'tenantOnly', 'none'] as const;
// Descope has `inbound`, too; the session of a user is none of an inbound app here.
const ISSUERS = ['legacy', 'federated'] as const;
const POLICIES = ['none', 'nil', 'delete'] as const;

function readOneOf<T extends string>(body: JsonObject, name: string, values: readonly T[]): T | undefined {
  const value = readString(body, name);
  if (value === undefined) return undefined;
  const found = values.find((known) => known === value);
  if (found !== undefined) return found;
  const message = `The emulator has no ${name} ${value.slice(0, 100)}; it has ${values.join(', ')}`;
  throw new DescopeError('invalidArguments', message);
}
