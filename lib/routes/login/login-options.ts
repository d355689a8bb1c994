// What the login page may be told when the routes are mounted.
import type { DescopeFlowOptions } from '../page/flow-options.js';

/** The login page: Descope's own, in this application. What is left out comes from the module's options. */
export type LoginPageOptions = Partial<
  Pick<
    DescopeFlowOptions,
    | 'flowId'
    | 'baseStaticUrl'
    | 'baseCdnUrl'
    | 'scriptUrl'
    | 'integrity'
    | 'successRedirect'
    | 'theme'
    | 'locale'
    | 'tenant'
    | 'mode'
    | 'texts'
  >
>;
