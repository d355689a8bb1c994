// Management of consents: what users have allowed inbound apps, and its end.
import { readNumber, readString, readStrings } from '../http/fields.js';
import type { JsonObject } from '../http/message.js';
import { ok } from '../http/message.js';
import type { Handler } from '../http/router.js';
import { routesFor, takes } from '../http/router.js';
import type { ConsentRecord } from '../store/project.js';

const PAGE_SIZE = 100;

const search: Handler = (call, state) => {
  const page = readNumber(call.body, 'page') ?? 0;
  const [appId, userId, id] = ['appId', 'userId', 'consentId'].map((name) => readString(call.body, name));
  const found = state.project.consents.all.filter(
    (consent) =>
      (appId ?? consent.appId) === consent.appId &&
      (userId ?? consent.userId) === consent.userId &&
      (id ?? consent.id) === consent.id,
  );
  const shown = found.slice(page * PAGE_SIZE, (page + 1) * PAGE_SIZE);
  return ok({ consents: shown.map(toView), total: found.length });
};

// Tokens of a consent end with it; a request that names nothing deletes nothing.
const remove: Handler = (call, state) => {
  const { project, oauth } = state;
  const ids = readStrings(call.body, 'consentIds') ?? [];
  const userIds = readStrings(call.body, 'userIds') ?? [];
  const appId = readString(call.body, 'appId');
  const removed = project.consents.all.filter((consent) => {
    if (ids.length > 0) return ids.includes(consent.id);
    if (appId === undefined && userIds.length === 0) return false;
    const isOfUser = userIds.length === 0 || userIds.includes(consent.userId);
    return isOfUser && (appId ?? consent.appId) === consent.appId;
  });
  for (const consent of removed) {
    project.consents.remove(consent);
    oauth.revokeConsent(consent.id);
  }
  return ok();
};

/** The routes that manage consents. */
export const manageConsentRoutes = routesFor('management', {
  'POST /v1/mgmt/thirdparty/consents/search': takes('appId userId consentId page', search),
  'POST /v1/mgmt/thirdparty/consents/delete': takes('consentIds appId userIds', remove),
});

function toView({ createdSeconds, ...consent }: ConsentRecord): JsonObject {
  return { ...consent, grantedBy: consent.userId, createdTime: createdSeconds };
}
