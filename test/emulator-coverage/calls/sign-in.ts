// Signing in with a password, a provider, a passkey, an authenticator or a flow.
import { toCode, toStep } from '#lib/emulator/totp/totp.js';
import { answerProvider, codeOf } from '../../support/provider-page.js';
import { ADA, define, PASSWORD, signIn, TOTP_KEY } from '../world.js';

const REDIRECT = 'http://localhost:3000/signed-in';
const ORIGIN = 'http://localhost:3000';

// The answer of the person at the provider's page, which the emulator plays.
async function returnedCode(url = '', email = ADA): Promise<string> {
  return codeOf(await answerProvider(url, { email }));
}

/** The calls of `password`, `oauth`, `sso`, `saml`, `totp`, `webauthn`, `flow` and `outbound`. */
export const signInCalls = define({
  'password.signUp': ({ sdk }) => sdk.password.signUp('new@example.com', PASSWORD),
  'password.signIn': ({ sdk }) => sdk.password.signIn(ADA, PASSWORD),
  'password.replace': ({ sdk }) => sdk.password.replace(ADA, PASSWORD, 'Correct-horse-2'),
  'password.update': async (world) =>
    world.sdk.password.update(ADA, 'Correct-horse-2', (await signIn(world)).refreshJwt),
  'password.sendReset': ({ sdk }) => sdk.password.sendReset(ADA, REDIRECT),
  'password.policy': ({ sdk }) => sdk.password.policy(),
  'oauth.start': ({ sdk }) => sdk.oauth.start('google', REDIRECT),
  'oauth.start.facebook': ({ sdk }) => sdk.oauth.start.facebook(REDIRECT),
  'oauth.start.github': ({ sdk }) => sdk.oauth.start.github(REDIRECT),
  'oauth.start.google': ({ sdk }) => sdk.oauth.start.google(REDIRECT),
  'oauth.start.microsoft': ({ sdk }) => sdk.oauth.start.microsoft(REDIRECT),
  'oauth.start.gitlab': ({ sdk }) => sdk.oauth.start.gitlab(REDIRECT),
  'oauth.start.apple': ({ sdk }) => sdk.oauth.start.apple(REDIRECT),
  'oauth.start.discord': ({ sdk }) => sdk.oauth.start.discord(REDIRECT),
  'oauth.start.linkedin': ({ sdk }) => sdk.oauth.start.linkedin(REDIRECT),
  'oauth.start.slack': ({ sdk }) => sdk.oauth.start.slack(REDIRECT),
  'oauth.exchange': async ({ sdk }) => {
    const { data } = await sdk.oauth.start('google', REDIRECT);
    return sdk.oauth.exchange(await returnedCode(data?.url));
  },
  'oauth.startNative': ({ sdk }) => sdk.oauth.startNative('apple'),
  'oauth.finishNative': ({ sdk }) => sdk.oauth.finishNative('apple', 'state', '', 'code', ''),
  'oauth.getOneTapClientId': ({ sdk }) => sdk.oauth.getOneTapClientId('google'),
  'oauth.verifyOneTapIDToken': ({ sdk }) => sdk.oauth.verifyOneTapIDToken('google', 'token', 'nonce'),
  'oauth.exchangeOneTapIDToken': ({ sdk }) => sdk.oauth.exchangeOneTapIDToken('google', 'token', 'nonce'),
  'outbound.connect': async (world) => {
    await world.manage.outboundApplication.createApplication({ name: 'Calendar', id: 'calendar' });
    const { refreshJwt } = await signIn(world);
    return world.sdk.outbound.connect('calendar', { redirectUrl: REDIRECT }, refreshJwt);
  },
  'sso.start': ({ sdk }) => sdk.sso.start('acme', REDIRECT),
  'sso.exchange': async ({ sdk }) => {
    const { data } = await sdk.sso.start('acme', REDIRECT);
    return sdk.sso.exchange(await returnedCode(data?.url, 'ada@acme.example'));
  },
  'saml.start': ({ sdk }) => sdk.saml.start('acme', REDIRECT),
  'saml.exchange': async ({ sdk }) => {
    const { data } = await sdk.saml.start('acme', REDIRECT);
    return sdk.saml.exchange(await returnedCode(data?.url, 'ada@acme.example'));
  },
  'totp.signUp': ({ sdk }) => sdk.totp.signUp('new@example.com'),
  'totp.verify': ({ emulator, sdk }) => {
    const step = toStep(emulator.clock.now() / 1000);
    return sdk.totp.verify(ADA, toCode(Buffer.from(TOTP_KEY), step));
  },
  'totp.update': async (world) => world.sdk.totp.update(ADA, (await signIn(world)).refreshJwt),
  'webauthn.signUp.start': ({ sdk }) => sdk.webauthn.signUp.start('new@example.com', ORIGIN, 'New'),
  'webauthn.signUp.finish': ({ sdk }) => sdk.webauthn.signUp.finish('transaction', 'response'),
  'webauthn.signIn.start': ({ sdk }) => sdk.webauthn.signIn.start(ADA, ORIGIN),
  'webauthn.signIn.finish': ({ sdk }) => sdk.webauthn.signIn.finish('transaction', 'response'),
  'webauthn.signUpOrIn.start': ({ sdk }) => sdk.webauthn.signUpOrIn.start(ADA, ORIGIN),
  'webauthn.update.start': async (world) =>
    world.sdk.webauthn.update.start(ADA, ORIGIN, (await signIn(world)).refreshJwt),
  'webauthn.update.finish': ({ sdk }) => sdk.webauthn.update.finish('transaction', 'response'),
  'flow.start': ({ sdk }) => sdk.flow.start('sign-up-or-in'),
  'flow.next': async ({ sdk }) => {
    const { data } = await sdk.flow.start('sign-up-or-in');
    return sdk.flow.next(data?.executionId ?? '', '0', 'btnCode', 1, '1', { email: ADA });
  },
});
