// Entry point './websockets': connections that live as long as the session they were opened with.
export { untilSessionEnds } from '../auth/session-end.js';
export { DescopeSockets } from '../auth/transports/descope.sockets.js';
