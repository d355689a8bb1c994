// Entry point './inspect': the access that an application demands, as data, as a table and in OpenAPI.
export type { AccessMap, AccessMapDemand, AccessMapEntry, JsonValue } from './access-map.js';
export { describeAccess, formatAccess } from './access-map.js';
export type { Endpoint } from './endpoints.js';
export { applyDescopeSecurity } from './openapi.js';
export type { AccessNamesReport, UnknownAccessName } from './verify-names.js';
export { verifyAccessNames } from './verify-names.js';
