// Management: changes one thing about a user.
import { ok } from '../http/answer.js';
import type { JsonObject } from '../http/call.js';
import { DescopeError } from '../http/descope-error.js';
import { readField, readFlag, readText, requireText } from '../http/fields.js';
import { routesFor, takes } from '../http/router.js';
import type { Handler } from '../http/router.js';
import { toHistory } from '../sign-in/sign-ins.js';
import { toPasswordCheck } from '../store/passwords.js';
import type { UserRecord } from '../store/users.js';
import { answerUser } from './manage-users.js';
import { readProfile, readStatus } from './new-user.js';
import { requireUser } from './require-user.js';

type Change = (body: JsonObject, user: UserRecord) => Partial<UserRecord>;

function change(toChange: Change): Handler {
  return (call, world) => {
    const user = requireUser(call.body, world);
    return answerUser(world, world.project.users.save({ ...user, ...toChange(call.body, user) }));
  };
}

const status: Change = (body) => {
  const wanted = readStatus(body);
  if (wanted === undefined) throw new DescopeError('missingArguments', 'The status argument is missing');
  return { status: wanted };
};

const loginId: Change = (body, user) => {
  const [old, next] = [requireText(body, 'loginId'), readText(body, 'newLoginId')];
  const others = user.loginIds.filter((id) => id !== old);
  return { loginIds: next === undefined ? others : [...others, next] };
};

const customAttribute: Change = (body, user) => ({
  customAttributes: {
    ...user.customAttributes,
    [requireText(body, 'attributeKey')]: readField(body, 'attributeValue'),
  },
});

const email: Change = (body) => ({
  email: readText(body, 'email'),
  verifiedEmail: readFlag(body, 'verified') ?? false,
});

const phone: Change = (body) => ({
  phone: readText(body, 'phone'),
  verifiedPhone: readFlag(body, 'verified') ?? false,
});

function setPassword(isActive: boolean): Change {
  return (body) => ({
    password: toPasswordCheck(requireText(body, 'password')),
    passwordExpired: !isActive && !readFlag(body, 'setActive'),
  });
}

const logout: Handler = (call, world) => {
  world.signIns.endAllOf(requireUser(call.body, world).userId, world.clock.nowSeconds());
  return ok();
};

const history: Handler = (call, world) => {
  const ids: readonly unknown[] = Array.isArray(call.body) ? call.body : [];
  return ok(ids.flatMap((id) => toHistory(world.signIns.of(String(id)))));
};

/** The routes that change one thing about a user. */
export const changeUserRoutes = routesFor('management', {
  'POST /v1/mgmt/user/update/status': takes('loginId status', change(status)),
  'POST /v1/mgmt/user/update/loginid': takes('loginId newLoginId', change(loginId)),
  'POST /v1/mgmt/user/update/email': takes('loginId email verified', change(email)),
  'POST /v1/mgmt/user/update/phone': takes('loginId phone verified', change(phone)),
  'POST /v1/mgmt/user/update/name': takes(
    'loginId displayName name givenName middleName familyName',
    change(readProfile),
  ),
  'POST /v1/mgmt/user/update/picture': takes('loginId picture', change(readProfile)),
  'POST /v1/mgmt/user/update/customAttribute': takes(
    'loginId attributeKey attributeValue',
    change(customAttribute),
  ),
  'POST /v1/mgmt/user/password/set': takes('loginId password setActive', change(setPassword(false))),
  'POST /v1/mgmt/user/password/set/temporary': takes('loginId password', change(setPassword(false))),
  'POST /v1/mgmt/user/password/set/active': takes('loginId password', change(setPassword(true))),
  'POST /v1/mgmt/user/password/expire': takes(
    'loginId',
    change(() => ({ passwordExpired: true })),
  ),
  'POST /v1/mgmt/user/logout': takes('loginId userId', logout),
  'POST /v1/mgmt/user/history': history,
});
