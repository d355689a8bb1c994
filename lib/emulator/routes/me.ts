// What a signed-in user may read about itself.
import { ok } from '../http/answer.js';
import { readFlag, readTexts } from '../http/fields.js';
import { routesFor, takes } from '../http/router.js';
import type { Handler } from '../http/router.js';
import { requireEnabledUser, requireSignIn } from '../sign-in/require-sign-in.js';
import { toHistory } from '../sign-in/sign-ins.js';
import { toUserView } from '../users/user-view.js';

const me: Handler = async (call, world) => {
  const { userId } = await requireSignIn(call, world);
  return ok(toUserView(requireEnabledUser(world, userId), world.project));
};

const history: Handler = async (call, world) => {
  const { userId } = await requireSignIn(call, world);
  return ok(toHistory(world.signIns.of(userId)));
};

const tenants: Handler = async (call, world) => {
  const signIn = await requireSignIn(call, world);
  const user = requireEnabledUser(world, signIn.userId);
  const ids = readTexts(call.body, 'ids') ?? [];
  const wanted = readFlag(call.body, 'dct') ? [signIn.tenantId] : ids;
  const found = user.tenants.filter(({ tenantId }) => wanted.length === 0 || wanted.includes(tenantId));
  return ok({
    tenants: found.map(({ tenantId }) => {
      const tenant = world.project.tenants.find(tenantId);
      return {
        id: tenantId,
        name: tenant?.name ?? tenantId,
        customAttributes: tenant?.customAttributes ?? {},
      };
    }),
  });
};

/** The routes of the signed-in user. */
export const meRoutes = routesFor('project', {
  'GET /v1/auth/me': me,
  'GET /v1/auth/me/history': history,
  'POST /v1/auth/me/tenants': takes('dct ids', tenants),
});
