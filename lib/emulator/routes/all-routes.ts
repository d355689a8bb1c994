// Every endpoint the emulator has.
import type { Route } from '../http/router.js';
import { accessKeyRoutes } from './access-key.js';
import { keyRoutes } from './keys.js';
import { meRoutes } from './me.js';
import { sessionRoutes } from './session.js';

/** The routes, in the order in which they are tried. */
export const allRoutes: readonly Route[] = [...keyRoutes, ...sessionRoutes, ...meRoutes, ...accessKeyRoutes];
