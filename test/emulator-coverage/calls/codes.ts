// Signing in with a one-time code.
import { ADA, define, sentCode, signIn } from '../world.js';

const PHONE = '+12025550101';
const NEW_PHONE = '+12025550199';

/** The calls of `otp`. */
export const codeCalls = define({
  'otp.signIn.email': ({ sdk }) => sdk.otp.signIn.email(ADA),
  'otp.signIn.sms': ({ sdk }) => sdk.otp.signIn.sms(ADA),
  'otp.signIn.voice': ({ sdk }) => sdk.otp.signIn.voice(ADA),
  'otp.signIn.whatsapp': ({ sdk }) => sdk.otp.signIn.whatsapp(ADA),
  'otp.signIn.im': ({ sdk }) => sdk.otp.signIn.im(ADA),
  'otp.signUp.email': ({ sdk }) => sdk.otp.signUp.email('new@example.com', { name: 'New' }),
  'otp.signUp.sms': ({ sdk }) => sdk.otp.signUp.sms(NEW_PHONE),
  'otp.signUp.voice': ({ sdk }) => sdk.otp.signUp.voice(NEW_PHONE),
  'otp.signUp.whatsapp': ({ sdk }) => sdk.otp.signUp.whatsapp(NEW_PHONE),
  'otp.signUp.im': ({ sdk }) => sdk.otp.signUp.im(NEW_PHONE),
  'otp.signUpOrIn.email': ({ sdk }) => sdk.otp.signUpOrIn.email('new@example.com'),
  'otp.signUpOrIn.sms': ({ sdk }) => sdk.otp.signUpOrIn.sms(NEW_PHONE),
  'otp.signUpOrIn.voice': ({ sdk }) => sdk.otp.signUpOrIn.voice(NEW_PHONE),
  'otp.signUpOrIn.whatsapp': ({ sdk }) => sdk.otp.signUpOrIn.whatsapp(NEW_PHONE),
  'otp.signUpOrIn.im': ({ sdk }) => sdk.otp.signUpOrIn.im(NEW_PHONE),
  'otp.verify.email': async (world) => {
    await world.sdk.otp.signIn.email(ADA);
    return world.sdk.otp.verify.email(ADA, sentCode(world));
  },
  'otp.verify.sms': async (world) => {
    await world.sdk.otp.signIn.sms(ADA);
    return world.sdk.otp.verify.sms(ADA, sentCode(world));
  },
  'otp.verify.voice': async (world) => {
    await world.sdk.otp.signIn.voice(ADA);
    return world.sdk.otp.verify.voice(ADA, sentCode(world));
  },
  'otp.verify.whatsapp': async (world) => {
    await world.sdk.otp.signIn.whatsapp(ADA);
    return world.sdk.otp.verify.whatsapp(ADA, sentCode(world));
  },
  'otp.verify.im': async (world) => {
    await world.sdk.otp.signIn.im(ADA);
    return world.sdk.otp.verify.im(ADA, sentCode(world));
  },
  'otp.update.email': async (world) =>
    world.sdk.otp.update.email(ADA, 'ada@example.org', (await signIn(world)).refreshJwt),
  'otp.update.phone.sms': async (world) =>
    world.sdk.otp.update.phone.sms(ADA, PHONE, (await signIn(world)).refreshJwt),
  'otp.update.phone.voice': async (world) =>
    world.sdk.otp.update.phone.voice(ADA, PHONE, (await signIn(world)).refreshJwt),
  'otp.update.phone.whatsapp': async (world) =>
    world.sdk.otp.update.phone.whatsapp(ADA, PHONE, (await signIn(world)).refreshJwt),
  'otp.update.phone.im': async (world) =>
    world.sdk.otp.update.phone.im(ADA, PHONE, (await signIn(world)).refreshJwt),
});
