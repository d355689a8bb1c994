// Every call of the coverage, under the name of the method.
import { applicationCalls } from './applications.js';
import { authorizationCalls } from './authorization.js';
import { codeCalls } from './codes.js';
import { linkCalls } from './links.js';
import { projectCalls } from './project.js';
import { sessionCalls } from './session.js';
import { signInCalls } from './sign-in.js';
import { tenantCalls } from './tenants.js';
import { credentialCalls, userCalls } from './users.js';

/** One call for each method of the client. */
export const CALLS = {
  ...sessionCalls,
  ...codeCalls,
  ...linkCalls,
  ...signInCalls,
  ...userCalls,
  ...credentialCalls,
  ...tenantCalls,
  ...authorizationCalls,
  ...applicationCalls,
  ...projectCalls,
};
