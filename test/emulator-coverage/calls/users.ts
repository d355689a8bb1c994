// Management of users.
import type { World } from '../world.js';
import { ADA, define } from '../world.js';

const URI = 'http://localhost:3000/verify';

async function idOf({ manage }: World, loginId = ADA): Promise<string> {
  return (await manage.user.load(loginId)).data?.userId ?? '';
}

const NEW = { email: 'new@example.com', displayName: 'New' };

/** The calls of `management.user`, but for those of tests, credentials and devices. */
export const userCalls = define({
  'management.user.create': ({ manage }) => manage.user.create('new@example.com', NEW),
  'management.user.createTestUser': ({ manage }) => manage.user.createTestUser('second-tester', NEW),
  'management.user.invite': ({ manage }) => manage.user.invite('new@example.com', NEW),
  'management.user.inviteBatch': ({ manage }) =>
    manage.user.inviteBatch([{ loginId: 'new@example.com' }], URI, true),
  'management.user.createBatch': ({ manage }) => manage.user.createBatch([{ loginId: 'new@example.com' }]),
  'management.user.deleteBatch': async (world) => world.manage.user.deleteBatch([await idOf(world)]),
  'management.user.update': ({ manage }) => manage.user.update(ADA, { displayName: 'Ada L.' }),
  'management.user.patch': ({ manage }) => manage.user.patch(ADA, { displayName: 'Ada L.' }),
  'management.user.patchBatch': ({ manage }) =>
    manage.user.patchBatch([{ loginIdOrUserId: ADA, displayName: 'Ada L.' }]),
  'management.user.delete': ({ manage }) => manage.user.delete(ADA),
  'management.user.deleteByUserId': async (world) => world.manage.user.deleteByUserId(await idOf(world)),
  'management.user.deleteAllTestUsers': ({ manage }) => manage.user.deleteAllTestUsers(),
  'management.user.load': ({ manage }) => manage.user.load(ADA),
  'management.user.loadByUserId': async (world) => world.manage.user.loadByUserId(await idOf(world)),
  'management.user.loadUsers': async (world) => world.manage.user.loadUsers([await idOf(world)]),
  'management.user.logoutUser': ({ manage }) => manage.user.logoutUser(ADA),
  'management.user.logoutUserByUserId': async (world) =>
    world.manage.user.logoutUserByUserId(await idOf(world)),
  'management.user.searchAll': ({ manage }) => manage.user.searchAll(['acme']),
  'management.user.searchTestUsers': ({ manage }) => manage.user.searchTestUsers({ limit: 10 }),
  'management.user.search': ({ manage }) => manage.user.search({ limit: 10 }),
  'management.user.getProviderToken': ({ manage }) => manage.user.getProviderToken(ADA, 'google'),
  'management.user.activate': ({ manage }) => manage.user.activate(ADA),
  'management.user.deactivate': ({ manage }) => manage.user.deactivate(ADA),
  'management.user.updateLoginId': ({ manage }) => manage.user.updateLoginId(ADA, 'lovelace@example.com'),
  'management.user.updateEmail': ({ manage }) => manage.user.updateEmail(ADA, 'a@example.org', true),
  'management.user.updatePhone': ({ manage }) => manage.user.updatePhone(ADA, '+12025550177', true),
  'management.user.updateDisplayName': ({ manage }) => manage.user.updateDisplayName(ADA, 'Ada L.'),
  'management.user.updatePicture': ({ manage }) => manage.user.updatePicture(ADA, 'https://a.example/p.png'),
  'management.user.updateUserNames': ({ manage }) => manage.user.updateUserNames(ADA, 'Ada', '', 'Lovelace'),
  'management.user.updateRecoveryEmail': ({ manage }) =>
    manage.user.updateRecoveryEmail(ADA, 'r@example.com'),
  'management.user.updateRecoveryPhone': ({ manage }) => manage.user.updateRecoveryPhone(ADA, '+12025550177'),
  'management.user.updateCustomAttribute': async ({ manage }) => {
    await manage.user.createCustomAttributes([{ name: 'shoe', type: 2 }]);
    return manage.user.updateCustomAttribute(ADA, 'shoe', 41);
  },
  'management.user.getCustomAttributes': ({ manage }) => manage.user.getCustomAttributes(),
  'management.user.createCustomAttributes': ({ manage }) =>
    manage.user.createCustomAttributes([{ name: 'shoe', type: 2, displayName: 'Shoe' }]),
  'management.user.deleteCustomAttributes': async ({ manage }) => {
    await manage.user.createCustomAttributes([{ name: 'shoe', type: 2 }]);
    return manage.user.deleteCustomAttributes(['shoe']);
  },
  'management.user.setRoles': ({ manage }) => manage.user.setRoles(ADA, ['editor']),
  'management.user.addRoles': ({ manage }) => manage.user.addRoles(ADA, ['editor']),
  'management.user.removeRoles': ({ manage }) => manage.user.removeRoles(ADA, ['admin']),
  'management.user.addTenant': async ({ manage }) => {
    await manage.tenant.createWithId('globex', 'Globex');
    return manage.user.addTenant(ADA, 'globex');
  },
  'management.user.removeTenant': ({ manage }) => manage.user.removeTenant(ADA, 'acme'),
  'management.user.setTenantRoles': ({ manage }) => manage.user.setTenantRoles(ADA, 'acme', ['admin']),
  'management.user.addTenantRoles': ({ manage }) => manage.user.addTenantRoles(ADA, 'acme', ['admin']),
  'management.user.removeTenantRoles': ({ manage }) => manage.user.removeTenantRoles(ADA, 'acme', ['editor']),
  'management.user.addSSOapps': ({ manage }) => manage.user.addSSOapps(ADA, ['app']),
  'management.user.setSSOapps': ({ manage }) => manage.user.setSSOapps(ADA, ['app']),
  'management.user.removeSSOapps': ({ manage }) => manage.user.removeSSOapps(ADA, ['app']),
  'management.user.history': async (world) => {
    await world.emulator.signIn(ADA);
    return world.manage.user.history([await idOf(world)]);
  },
  'management.user.import': ({ manage }) =>
    manage.user.import('auth0', '[{"email":"new@example.com"}]', undefined, true),
});

/** The calls of `management.user` for tests, credentials and devices. */
export const credentialCalls = define({
  'management.user.generateOTPForTestUser': ({ manage }) =>
    manage.user.generateOTPForTestUser('email', 'tester'),
  'management.user.generateMagicLinkForTestUser': ({ manage }) =>
    manage.user.generateMagicLinkForTestUser('email', 'tester', URI),
  'management.user.generateEnchantedLinkForTestUser': ({ manage }) =>
    manage.user.generateEnchantedLinkForTestUser('tester', URI),
  'management.user.generateEmbeddedLink': ({ manage }) => manage.user.generateEmbeddedLink(ADA),
  'management.user.generateSignUpEmbeddedLink': ({ manage }) =>
    manage.user.generateSignUpEmbeddedLink('new@example.com', { name: 'New' }),
  'management.user.setTemporaryPassword': ({ manage }) =>
    manage.user.setTemporaryPassword(ADA, 'Correct-horse-2'),
  'management.user.setActivePassword': ({ manage }) => manage.user.setActivePassword(ADA, 'Correct-horse-2'),
  'management.user.setPassword': ({ manage }) => manage.user.setPassword(ADA, 'Correct-horse-2'),
  'management.user.expirePassword': ({ manage }) => manage.user.expirePassword(ADA),
  'management.user.removeAllPasskeys': ({ manage }) => manage.user.removeAllPasskeys(ADA),
  'management.user.removePasskey': ({ manage }) => manage.user.removePasskey(ADA, 'credential'),
  'management.user.listPasskeys': ({ manage }) => manage.user.listPasskeys(ADA),
  'management.user.removeTOTPSeed': ({ manage }) => manage.user.removeTOTPSeed(ADA),
  'management.user.listTrustedDevices': ({ manage }) => manage.user.listTrustedDevices([ADA]),
  'management.user.removeTrustedDevices': ({ manage }) => manage.user.removeTrustedDevices(ADA, ['device']),
});
