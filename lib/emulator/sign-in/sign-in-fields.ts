// The fields that the calls of a sign-in have in common.
import { below } from '../http/known-fields.js';

/** Who a user is. */
export const PROFILE_FIELDS = 'name displayName givenName middleName familyName email phone picture';

/** How a message looks and who carries it; it goes to the outbox all the same. */
export const MESSAGE_FIELDS = 'templateId templateOptions providerId locale';

/** What a sign-in may say. */
export const SIGN_IN_FIELDS = `loginId ${MESSAGE_FIELDS} ${below(
  'loginOptions',
  `customClaims tenantId stepup mfa revokeOtherSessions ${MESSAGE_FIELDS}`,
)}`;

/** What a sign-up may say; some clients write the address beside the user too. */
export const SIGN_UP_FIELDS = `${SIGN_IN_FIELDS} email phone sms voice whatsapp ${below('user', `loginId ${PROFILE_FIELDS}`)}`;

/** What the change of an address may say beside the address. */
export const ADDRESS_FIELDS = `loginId ${MESSAGE_FIELDS}`;
