// What a provider says about a person, and the mapping by which it becomes a user's profile.
import { DescopeError } from '../errors.js';
import { isObject, readObject, readString } from '../http/fields.js';
import type { JsonObject } from '../http/message.js';
import { isTooDeep } from '../http/message.js';

/** The fields of a user that a mapping may fill; beside them there are custom attributes. */
export const MAPPED_FIELDS = [
  'loginId',
  'name',
  'email',
  'username',
  'phoneNumber',
  'group',
  'givenName',
  'middleName',
  'familyName',
  'picture',
  'verifiedEmail',
  'verifiedPhone',
] as const;

type MappedField = (typeof MAPPED_FIELDS)[number];

/** For each field of a user the attribute of the provider that fills it; an empty name fills nothing. */
export type AttributeMapping = Readonly<Record<MappedField, string>> & {
  /** By the name of the custom attribute. */
  readonly customAttributes: Readonly<Record<string, string>>;
};

/** A mapping that fills nothing. */
export const NO_MAPPING: AttributeMapping = {
  loginId: '',
  name: '',
  email: '',
  username: '',
  phoneNumber: '',
  group: '',
  givenName: '',
  middleName: '',
  familyName: '',
  picture: '',
  verifiedEmail: '',
  verifiedPhone: '',
  customAttributes: {},
};

// python-sdk, tests/e2e/management/test_sso.py: what a new tenant has.
/** The mapping of SAML until another is set. */
export const SAML_MAPPING: AttributeMapping = {
  ...NO_MAPPING,
  name: 'name',
  email: 'email',
  phoneNumber: 'phone',
};

/** The mapping of OpenID Connect until another is set: its standard claims (Core, section 5.1). */
export const OIDC_MAPPING: AttributeMapping = {
  ...NO_MAPPING,
  name: 'name',
  email: 'email',
  phoneNumber: 'phone_number',
  givenName: 'given_name',
  middleName: 'middle_name',
  familyName: 'family_name',
  picture: 'picture',
  verifiedEmail: 'email_verified',
  verifiedPhone: 'phone_number_verified',
};

/** Reads a mapping, which replaces an earlier one as a whole; undefined if the field is absent. */
export function readMapping(body: JsonObject, name: string): AttributeMapping | undefined {
  const given = readObject(body, name);
  if (given === undefined) return undefined;
  const fields = MAPPED_FIELDS.map((field) => [field, readString(given, field) ?? '']);
  const custom = readObject(given, 'customAttributes') ?? {};
  for (const attribute of Object.keys(custom)) readString(custom, attribute);
  return { ...NO_MAPPING, ...Object.fromEntries(fields), customAttributes: custom } as AttributeMapping;
}

/** A person as a provider describes them. */
export interface Assertion {
  /** The id of the person at the provider. */
  readonly subject: string;
  /** The address in SAML's NameID, or in the claim `email`. */
  readonly email: string;
  /** Every attribute by its name. */
  readonly attributes: JsonObject;
}

/** A person as the project's mapping understands the provider. */
export interface Identity {
  readonly subject: string;
  /** The login id; empty if the mapping names none, or the provider does not send it. */
  readonly loginId: string;
  readonly email: string;
  readonly verifiedEmail: boolean;
  readonly groups: readonly string[];
  /** The fields of the user's profile that the provider filled. */
  readonly profile: Readonly<Partial<Record<ProfileField, string>>>;
  readonly verifiedPhone: boolean;
  readonly customAttributes: JsonObject;
  readonly attributes: JsonObject;
}

type ProfileField = 'name' | 'givenName' | 'middleName' | 'familyName' | 'phone' | 'picture';

/** Applies a mapping to what a provider says. */
export function toIdentity(assertion: Assertion, mapping: AttributeMapping): Identity {
  const { attributes } = assertion;
  const text = (field: MappedField) => toText(readAttribute(attributes, mapping[field]));
  const profile = {
    name: text('name'),
    givenName: text('givenName'),
    middleName: text('middleName'),
    familyName: text('familyName'),
    phone: text('phoneNumber'),
    picture: text('picture'),
  };
  const verifiedEmail = readAttribute(attributes, mapping.verifiedEmail);
  const custom = Object.entries(mapping.customAttributes)
    .map(([name, source]) => [name, readAttribute(attributes, source)] as const)
    .filter(([, value]) => value !== undefined);
  return {
    subject: toText(readAttribute(attributes, 'sub')) || assertion.subject,
    loginId: text('loginId'),
    email: text('email') || assertion.email,
    // A provider that does not say it is trusted: it is the tenant's own, or configured by the project.
    verifiedEmail: verifiedEmail === undefined || verifiedEmail === true || verifiedEmail === 'true',
    groups: toGroups(readAttribute(attributes, groupAttribute(mapping))),
    profile: Object.fromEntries(Object.entries(profile).filter(([, value]) => value !== '')),
    verifiedPhone: ['true', true].includes(readAttribute(attributes, mapping.verifiedPhone) as string),
    customAttributes: Object.fromEntries(custom),
    attributes,
  };
}

/** The attribute that carries a person's groups. */
export function groupAttribute({ group }: AttributeMapping): string {
  return group || 'groups';
}

/** Reads the attributes that a form of the emulator adds, as JSON. */
export function parseAttributes(text: string): JsonObject {
  if (text.trim() === '') return {};
  if (text.length > MAX_ATTRIBUTES) throw wrongAttributes(`have more than ${MAX_ATTRIBUTES} characters`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw wrongAttributes('are not valid JSON');
  }
  if (isTooDeep(value)) throw wrongAttributes('are nested too deeply');
  if (isObject(value)) return value;
  throw wrongAttributes('must be an object of JSON');
}

const MAX_ATTRIBUTES = 20_000;

function wrongAttributes(what: string): DescopeError {
  return new DescopeError('invalidArguments', `The attributes ${what}`);
}

function readAttribute(attributes: JsonObject, name: string): unknown {
  return name !== '' && Object.hasOwn(attributes, name) ? (attributes[name] ?? undefined) : undefined;
}

function toText(value: unknown): string {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' ? value : '';
}

function toGroups(value: unknown): readonly string[] {
  const items: readonly unknown[] = Array.isArray(value) ? value : toText(value).split(',');
  return items.map((item) => toText(item).trim()).filter(Boolean);
}
