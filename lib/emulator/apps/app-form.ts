// An inbound app as Descope's API takes and shows it; never its secret.
import type { JsonObject } from '../http/call.js';
import { DescopeError } from '../http/descope-error.js';
import { readFlag, readObjects, readText, readTexts, requireText } from '../http/fields.js';
import type { AppScope, DefaultAudience, InboundAppRecord } from './inbound-apps.js';

/** What management may set about an app. */
export type AppForm = Omit<InboundAppRecord, 'id' | 'clientId' | 'clientSecret'>;

/** Reads all that may be set; what is absent is emptied, as Descope's update does. */
export function readApp(body: JsonObject): AppForm {
  return {
    name: requireText(body, 'name'),
    permissionsScopes: readScopes(body, 'permissionsScopes'),
    attributesScopes: readScopes(body, 'attributesScopes'),
    tenantIds: readTexts(body, 'allowedTenants') ?? [],
    defaultAudience: readDefaultAudience(body),
    shown: {
      description: readText(body, 'description') ?? '',
      logo: readText(body, 'logo') ?? '',
      loginPageUrl: readText(body, 'loginPageUrl') ?? '',
      approvedCallbackUrls: readTexts(body, 'approvedCallbackUrls') ?? [],
    },
  };
}

/** An app as it stands in answers. */
export function toAppView({ shown, clientSecret: _secret, tenantIds, ...app }: InboundAppRecord): JsonObject {
  return { ...app, ...shown, allowedTenants: tenantIds };
}

function readScopes(body: JsonObject, name: string): readonly AppScope[] {
  return (readObjects(body, name) ?? []).map((scope) => ({
    name: requireText(scope, 'name'),
    description: readText(scope, 'description') ?? '',
    values: readTexts(scope, 'values') ?? [],
    optional: readFlag(scope, 'optional') ?? false,
  }));
}

function readDefaultAudience(body: JsonObject): DefaultAudience {
  const audience = readText(body, 'defaultAudience') ?? '';
  if (audience === '' || audience === 'projectId' || audience === 'clientId') return audience;
  throw new DescopeError('invalidArguments', 'The defaultAudience field must be projectId or clientId');
}
