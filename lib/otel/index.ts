// Entry point './otel': metrics and span attributes of OpenTelemetry, from the events of the package.
export type { DescopeTelemetry, DescopeTelemetryOptions } from './instrument-descope.js';
export { instrumentDescope } from './instrument-descope.js';
