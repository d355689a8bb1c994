// Signing in with a link, by mail or by phone.
import { ADA, define, sentToken, signIn } from '../world.js';

const URI = 'http://localhost:3000/verify';
const NEW_PHONE = '+12025550199';
const SHORTLY = { pollingIntervalMs: 1000, timeoutMs: 1500 };

/** The calls of `magicLink`, `enchantedLink` and `notp`. */
export const linkCalls = define({
  'magicLink.signIn.email': ({ sdk }) => sdk.magicLink.signIn.email(ADA, URI),
  'magicLink.signIn.sms': ({ sdk }) => sdk.magicLink.signIn.sms(ADA, URI),
  'magicLink.signIn.whatsapp': ({ sdk }) => sdk.magicLink.signIn.whatsapp(ADA, URI),
  'magicLink.signUp.email': ({ sdk }) => sdk.magicLink.signUp.email('new@example.com', URI),
  'magicLink.signUp.sms': ({ sdk }) => sdk.magicLink.signUp.sms(NEW_PHONE, URI),
  'magicLink.signUp.whatsapp': ({ sdk }) => sdk.magicLink.signUp.whatsapp(NEW_PHONE, URI),
  'magicLink.signUpOrIn.email': ({ sdk }) => sdk.magicLink.signUpOrIn.email('new@example.com', URI),
  'magicLink.signUpOrIn.sms': ({ sdk }) => sdk.magicLink.signUpOrIn.sms(NEW_PHONE, URI),
  'magicLink.signUpOrIn.whatsapp': ({ sdk }) => sdk.magicLink.signUpOrIn.whatsapp(NEW_PHONE, URI),
  'magicLink.verify': async (world) => {
    await world.sdk.magicLink.signIn.email(ADA, URI);
    return world.sdk.magicLink.verify(sentToken(world));
  },
  'magicLink.update.email': async (world) =>
    world.sdk.magicLink.update.email(ADA, 'ada@example.org', URI, (await signIn(world)).refreshJwt),
  'magicLink.update.phone.sms': async (world) =>
    world.sdk.magicLink.update.phone.sms(ADA, NEW_PHONE, URI, (await signIn(world)).refreshJwt),
  'magicLink.update.phone.whatsapp': async (world) =>
    world.sdk.magicLink.update.phone.whatsapp(ADA, NEW_PHONE, URI, (await signIn(world)).refreshJwt),
  'magicLink.update.phone.im': async (world) =>
    world.sdk.magicLink.update.phone.im(ADA, NEW_PHONE, URI, (await signIn(world)).refreshJwt),
  'enchantedLink.signIn': ({ sdk }) => sdk.enchantedLink.signIn(ADA, URI),
  'enchantedLink.signUp': ({ sdk }) => sdk.enchantedLink.signUp('new@example.com', URI),
  'enchantedLink.signUpOrIn': ({ sdk }) => sdk.enchantedLink.signUpOrIn('new@example.com', URI),
  'enchantedLink.verify': async (world) => {
    await world.sdk.enchantedLink.signIn(ADA, URI);
    return world.sdk.enchantedLink.verify(sentToken(world));
  },
  'enchantedLink.waitForSession': async (world) => {
    const { data } = await world.sdk.enchantedLink.signIn(ADA, URI);
    await world.sdk.enchantedLink.verify(sentToken(world));
    return world.sdk.enchantedLink.waitForSession(data?.pendingRef ?? '', SHORTLY);
  },
  'enchantedLink.update.email': async (world) =>
    world.sdk.enchantedLink.update.email(ADA, 'ada@example.org', URI, (await signIn(world)).refreshJwt),
  'notp.signIn': ({ sdk }) => sdk.notp.signIn(ADA),
  'notp.signUp': ({ sdk }) => sdk.notp.signUp(NEW_PHONE),
  'notp.signUpOrIn': ({ sdk }) => sdk.notp.signUpOrIn(NEW_PHONE),
  'notp.waitForSession': ({ sdk }) => sdk.notp.waitForSession('pending', SHORTLY),
});
