// Management of the custom attributes that users have.
import { DescopeError } from '../errors.js';
import { isObject, readField, readObjects, readString, readStrings, requireString } from '../http/fields.js';
import type { JsonObject, RouteResponse } from '../http/message.js';
import { ok } from '../http/message.js';
import type { Handler } from '../http/router.js';
import { routesFor, takes } from '../http/router.js';
import type { ProjectState } from '../project-state.js';
import type { AttributeOption, AttributeRecord, AttributeType } from './custom-attributes.js';
import { ATTRIBUTE_TYPES } from './custom-attributes.js';

const load: Handler = (_call, state) => respond(state);

const create: Handler = (call, state) => {
  const attributes = (readObjects(call.body, 'attributes') ?? []).map(readAttribute);
  if (attributes.length === 0)
    throw new DescopeError('missingArguments', 'The attributes argument is missing');
  state.project.customAttributes.declare(attributes);
  return respond(state);
};

// Its values go with it.
const remove: Handler = (call, state) => {
  const names = readStrings(call.body, 'names') ?? [];
  if (names.length === 0) throw new DescopeError('missingArguments', 'The names argument is missing');
  const { customAttributes, users } = state.project;
  for (const name of names) {
    const attribute = customAttributes.records.find(name);
    if (!attribute) continue;
    customAttributes.records.remove(attribute);
    for (const user of users.all) {
      if (!Object.hasOwn(user.customAttributes, name)) continue;
      const left = Object.entries(user.customAttributes).filter(([key]) => key !== name);
      users.save({ ...user, customAttributes: Object.fromEntries(left) });
    }
  }
  return respond(state);
};

/** The routes that manage the custom attributes of users. */
export const customAttributeRoutes = routesFor('management', {
  'GET /v1/mgmt/user/customattributes': load,
  'POST /v1/mgmt/user/customattribute/create': takes(
    'attributes.name attributes.type attributes.displayName attributes.options.value attributes.options.label',
    create,
  ),
  'POST /v1/mgmt/user/customattribute/delete': takes('names', remove),
});

function respond({ project }: ProjectState): RouteResponse {
  return ok({ data: project.customAttributes.records.all.map(toView) });
}

// node-sdk's `CustomAttribute`.
function toView({ name, type, displayName, options, shown }: AttributeRecord): JsonObject {
  return { ...shown, name, type: ATTRIBUTE_TYPES.indexOf(type) + 1, displayName, options };
}

function readAttribute(body: JsonObject): AttributeRecord {
  const name = requireString(body, 'name');
  return {
    name,
    type: readType(body),
    displayName: readString(body, 'displayName') ?? name,
    options: readOptions(body),
    shown: {
      defaultValue: readField(body, 'defaultValue'),
      viewPermissions: readStrings(body, 'viewPermissions') ?? [],
      editPermissions: readStrings(body, 'editPermissions') ?? [],
    },
  };
}

// A number in node-sdk and go-sdk, where none means a text; python-sdk writes names, among them `string`.
function readType(body: JsonObject): AttributeType {
  const given = readField(body, 'type') ?? 0;
  const name = given === 'string' || given === 0 ? 'text' : given;
  const type = ATTRIBUTE_TYPES.find((known, index) => known === name || index + 1 === name);
  if (type) return type;
  const known = ATTRIBUTE_TYPES.map((one, index) => `${index + 1} (${one})`).join(', ');
  throw new DescopeError('invalidArguments', `The type field must be one of ${known}`);
}

// Objects in node-sdk and go-sdk, texts in python-sdk.
function readOptions(body: JsonObject): readonly AttributeOption[] {
  const given = readField(body, 'options') ?? [];
  if (!Array.isArray(given)) throw new DescopeError('invalidArguments', 'The options field must be an array');
  return given.map((option: unknown) => {
    const { value, label } = isObject(option) ? readOption(option) : { value: option, label: option };
    if (typeof value === 'string' && typeof label === 'string') return { value, label };
    throw new DescopeError('invalidArguments', 'The options field must contain objects with a value');
  });
}

function readOption(option: JsonObject) {
  const value = requireString(option, 'value');
  return { value, label: readString(option, 'label') ?? value };
}
