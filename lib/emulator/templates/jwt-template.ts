// JWT templates: what a project adds to the claims of its tokens, or changes in their form.
import { below, isObject } from '../http/fields.js';
import type { JsonObject } from '../http/message.js';
import { NamedRecords } from '../store/records.js';
import { findPlaceholders, isKnownPlaceholder, KNOWN_PLACEHOLDERS } from './placeholders.js';

/** A JWT template as the emulator keeps it; its names are those of Descope's API. */
export interface JwtTemplateRecord {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  /** Whose tokens it is for: those of users, or of access keys. */
  readonly type: TemplateType;
  /** The claims, whose values may contain placeholders such as `{{user.email}}`. */
  readonly template: JsonObject;
  readonly authSchema: AuthSchema;
  readonly issuerType: 'legacy' | 'federated';
  readonly emptyClaimPolicy: EmptyClaimPolicy;
  /** Whether a holder of one tenant gets the claim `dct` without selecting it. */
  readonly autoDCT: boolean;
  readonly conformanceIssuer: boolean;
  /** Whether `template` may set `sub`; the id then stands in `dsub`. */
  readonly overrideSubject: boolean;
  readonly omitCustomClaimsFromDSR: boolean;
  readonly addJti: boolean;
  readonly excludePermissions: boolean;
  readonly source: string;
  readonly tags: readonly string[];
}

/** Whose tokens a template is for. */
export type TemplateType = 'user' | 'key';

/** The form of the claims about roles, permissions and tenants. */
export type AuthSchema = 'default' | 'tenantOnly' | 'none';

/** What becomes of a claim without a value: an empty string, `null`, or none. */
export type EmptyClaimPolicy = 'none' | 'nil' | 'delete';

/** A template without effect, which others start from. */
export const EMPTY_TEMPLATE: Omit<JwtTemplateRecord, 'id' | 'name'> = {
  description: '',
  type: 'user',
  template: {},
  authSchema: 'default',
  issuerType: 'legacy',
  emptyClaimPolicy: 'none',
  autoDCT: false,
  conformanceIssuer: false,
  overrideSubject: false,
  omitCustomClaimsFromDSR: false,
  addJti: false,
  excludePermissions: false,
  source: '',
  tags: [],
};

/** Keeps templates, and which of them the project uses. */
export class JwtTemplates {
  readonly records = new NamedRecords<JwtTemplateRecord>((template) => template.id);
  readonly #assigned = new Map<TemplateType, string>();

  /** Finds a template of a type by name or id. */
  find(type: TemplateType, nameOrId: string): JwtTemplateRecord | undefined {
    return this.records.all.find(
      (template) => template.type === type && (template.name === nameOrId || template.id === nameOrId),
    );
  }

  /** Uses a template for all tokens of its type; without one, these have Descope's own form. */
  assign(type: TemplateType, template: JwtTemplateRecord | undefined): void {
    if (template) this.#assigned.set(type, template.id);
    else this.#assigned.delete(type);
  }

  /** The template that is used for a type. */
  of(type: TemplateType): JwtTemplateRecord | undefined {
    const template = this.records.find(this.#assigned.get(type) ?? '');
    return template?.type === type ? template : undefined;
  }

  /** Removes a template; where it was used, Descope's own form returns. */
  remove(template: JwtTemplateRecord): void {
    this.records.remove(template);
    if (this.#assigned.get(template.type) === template.id) this.#assigned.delete(template.type);
  }
}

/** Claims that are Descope's own: no template, seed or management call can set them. */
export const RESERVED_CLAIMS: ReadonlySet<string> = new Set(
  'iss sub drn exp iat nbf rexp amr roles permissions tenants dct su nsec act dsub'.split(' '),
);

/** The fields of `customClaims` that a route knows: any, but claims that are Descope's own. */
export const CUSTOM_CLAIMS = below('customClaims', ['*', ...RESERVED_CLAIMS].join(' -'));

/** Leaves out claims that are Descope's own, which a management call cannot set. */
export function withoutReserved(claims: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(claims).filter(([name]) => !RESERVED_CLAIMS.has(name)));
}

/** What is wrong with a template. */
export interface TemplateIssue {
  readonly field: string;
  readonly code: string;
  readonly message: string;
}

/** Lists what is wrong with a template. */
export function findTemplateIssues(template: Omit<JwtTemplateRecord, 'id'>): readonly TemplateIssue[] {
  const issues: TemplateIssue[] = [];
  if (template.name.trim() === '') {
    issues.push({ field: 'name', code: 'NAME_MISSING', message: 'A template needs a name' });
  }
  for (const [claim, value] of Object.entries(template.template)) {
    issues.push(...findClaimIssues(template, claim, value));
  }
  return issues;
}

// Codes of Descope are RESERVED_CLAIM_KEY and NAME_MISSING; what it says of an unknown placeholder is not documented.
function findClaimIssues(
  { overrideSubject, addJti, type }: Omit<JwtTemplateRecord, 'id'>,
  claim: string,
  value: unknown,
): readonly TemplateIssue[] {
  const field = `template.${claim}`;
  const isReserved = RESERVED_CLAIMS.has(claim) && !(claim === 'sub' && overrideSubject);
  if (isReserved || (claim === 'jti' && addJti)) {
    const hint = claim === 'sub' ? '; overrideSubject allows it' : '';
    return [{ field, code: 'RESERVED_CLAIM_KEY', message: `The claim ${claim} is Descope's own${hint}` }];
  }
  return [...new Set(toTexts(value).flatMap(findPlaceholders))]
    .filter((path) => !isKnownPlaceholder(type, path))
    .map((path) => {
      const known = KNOWN_PLACEHOLDERS[type].join(', ');
      return { field, code: 'UNKNOWN_PLACEHOLDER', message: `{{${path}}} is unknown; known are ${known}` };
    });
}

function toTexts(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  if (Array.isArray(value)) return value.flatMap(toTexts);
  return isObject(value) ? Object.values(value).flatMap(toTexts) : [];
}
