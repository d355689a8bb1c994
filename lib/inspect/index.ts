// Entry point './inspect': the access that an application demands, as data, as a table and in OpenAPI.
export type { AccessNamesReport, UnknownAccessName } from '../core/user/access-names.js';
export type { AccessMap, AccessMapDemand, AccessMapEntry, JsonValue } from './access-map.js';
export { describeAccess, formatAccess } from './access-map.js';
export type { Endpoint } from './endpoints.js';
export { applyDescopeSecurity } from './openapi.js';
export { verifyAccessNames } from './verify-names.js';
