// Entry point './fga': Descope's fine-grained authorization in services.
export type { FgaContext, FgaContextValue } from '../auth/access/fga-context.js';
export type { FgaCaller, FgaFilter, FgaQuestion, FgaRelation } from './descope.fga.js';
export { DescopeFga } from './descope.fga.js';
export { DescopeFgaModule } from './fga.module.js';
