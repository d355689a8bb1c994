// The names under which Nest hands out what the road is made of. Texts, so that two copies of the package agree.

/** The application among those of the process: what it is known by to guards and decorators. */
export const DESCOPE_APPLICATION = 'nestjs-descope:application';
/** The resolved, frozen configuration. */
export const DESCOPE_CONFIG = 'nestjs-descope:config';
/** The authenticator: request → session. */
export const DESCOPE_AUTHENTICATOR = 'nestjs-descope:authenticator';
/** The key set that signatures are checked with. */
export const DESCOPE_KEY_SET = 'nestjs-descope:key-set';
/** The vendor's client, `@InjectDescope()`. */
export const DESCOPE_CLIENT = 'nestjs-descope:client';
/** What asks Descope about relations, for `@FgaCheck`. */
export const DESCOPE_RELATIONS = 'nestjs-descope:relations';
/** Options that win over all others; tests put theirs here. */
export const DESCOPE_OVERRIDES = 'nestjs-descope:overrides';
/** What notes the mistakes of the static options, when the others are read. */
export const DESCOPE_STATIC = 'nestjs-descope:static';
/** Where notices go. */
export const DESCOPE_NOTIFY = 'nestjs-descope:notify';
/** The mounted routes on whose way no session is renewed. */
export const DESCOPE_UNRENEWED = 'nestjs-descope:unrenewed';
/** Whether the guard is global, and what runs before it. */
export const DESCOPE_GLOBAL_GUARD = 'nestjs-descope:global-guard';
/** The options of the mounted routes. */
export const DESCOPE_ROUTES = 'nestjs-descope:routes';
/** The transports that the application teaches. */
export const DESCOPE_TRANSPORTS = 'nestjs-descope:transports';
/** The login page's path, where browsers without a session are sent to it. */
export const DESCOPE_LOGIN_PATH = 'nestjs-descope:login-path';
/** What keeps browsers' sessions: place, renewer, sign-outs. */
export const DESCOPE_SESSIONS = 'nestjs-descope:sessions';
