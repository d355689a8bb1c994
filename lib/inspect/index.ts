// Entry point './inspect': the access that an application demands, as data, as a table and in OpenAPI.
export type { AccessNamesReport, UnknownAccessName } from '../core/user/access-names.js';
export type { FoundFact } from '../core/user/access-steps.js';
export type { AccessMap, AccessMapDemand, AccessMapEntry, JsonValue } from './access-map.js';
export { describeAccess, formatAccess } from './access-map.js';
export type { Endpoint } from './endpoints.js';
export type {
  AccessMatrix,
  AccessMatrixOptions,
  AccessMatrixRow,
  AccessPersonas,
} from './matrix/access-matrix.js';
export { accessMatrix } from './matrix/access-matrix.js';
export type { AccessExplanation, AccessStep, ExplainAccessInput } from './matrix/explain-access.js';
export { explainAccess } from './matrix/explain-access.js';
export type { AccessChange } from './matrix/format-matrix.js';
export { diffMatrix, formatMatrix, formatMatrixDiff } from './matrix/format-matrix.js';
export type { AccessPersona, SignInHolder, TokenHolder } from './matrix/persona.js';
export type { AccessRejection, AccessVerdict } from './matrix/verdict.js';
export { applyDescopeSecurity } from './openapi.js';
export { verifyAccessNames } from './verify-names.js';
