// The page that plays a provider, and what a person answers on it.
import { readField, readString } from '../http/fields.js';
import type { Call, JsonObject, RouteResponse } from '../http/message.js';
import type { Handler } from '../http/router.js';
import { routesFor, takes, takesQuery } from '../http/router.js';
import type { ProjectState } from '../project-state.js';
import type { PersonForm } from './answer.js';
import { answerAs, answerCancelled, answerSilently, findFormMistake, NO_PERSON } from './answer.js';
import type { FederatedRequest } from './federation.js';
import { toProviderPage, toRejectionPage } from './provider-page.js';

const show: Handler = (call, state) =>
  withRequest(call, state, (request, drop) => {
    if (request.ask !== 'never') {
      return toProviderPage(state, request, {
        form: { ...NO_PERSON, email: request.loginHint },
        mistake: '',
      });
    }
    drop();
    return answerSilently(state, request);
  });

const answer: Handler = (call, state) =>
  withRequest(call, state, (request, drop) => {
    if (readString(call.body, 'decision') === 'cancel') {
      drop();
      return answerCancelled(request);
    }
    const form = readForm(call.body);
    const mistake = findFormMistake(form);
    if (mistake !== undefined) return toProviderPage(state, request, { form, mistake });
    drop();
    return answerAs(state, request, form);
  });

const FORM = 'email name unverified groups attributes decision';

const page = takesQuery('request', show);
const form = takesQuery('request', takes(FORM, answer));

/** The routes of the page that plays a provider. */
export const providerPageRoutes = routesFor('page', {
  'GET /emulator/oauth/:provider': page,
  'POST /emulator/oauth/:provider': form,
  'GET /emulator/sso/:tenantId': page,
  'POST /emulator/sso/:tenantId': form,
});

type Respond = (request: FederatedRequest, drop: () => void) => RouteResponse;

// The secret in the URL connects a page with its sign-in; nobody else knows it.
function withRequest(call: Call, { federation, clock }: ProjectState, respond: Respond): RouteResponse {
  const secret = call.query.get('request') ?? '';
  const request = federation.findRequest(secret, clock.now());
  if (request) return respond(request, () => federation.dropRequest(secret));
  return toRejectionPage(
    'This sign-in has expired or was answered before. Start it again in the application.',
  );
}

function readForm(body: JsonObject): PersonForm {
  return {
    email: readString(body, 'email')?.trim() ?? '',
    name: readString(body, 'name') ?? '',
    unverified: readString(body, 'unverified') !== undefined,
    groups: readField(body, 'groups') === undefined ? undefined : (readString(body, 'groups') ?? ''),
    attributes: readString(body, 'attributes') ?? '',
  };
}
