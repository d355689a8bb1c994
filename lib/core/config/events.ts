// The option `events`: the secrets with which Descope signs its events.
import type { Check, OptionReader, OptionTable, ValuesOf } from './option-reader.js';
import { isText, isTexts, toOptionalRule } from './option-reader.js';

const LEAST_CHARACTERS = 16;
const WANTED =
  "the HMAC secret of the audit webhook connector in Descope's console, of 16 characters or more, or a list of such secrets";

/** How Descope's events are received. */
export interface EventsOptions {
  /**
   * The HMAC secret of the audit webhook connector in Descope's console, of 16 characters or more. With several, each is
   * accepted, so that a secret can be replaced while events arrive.
   * @defaultValue `DESCOPE_WEBHOOK_SECRET`; one of the two is required
   * @see https://docs.descope.com/connectors/connector-hmac-usage
   */
  readonly secret?: string | readonly string[] | undefined;
}

const isLong = (value: unknown): boolean => isText(value) && value.trim().length >= LEAST_CHARACTERS;
const isSecret: Check<string | readonly string[]> = (value): value is string | readonly string[] =>
  isLong(value) || (isTexts(value) && value.every(isLong));

export const EVENTS = {
  secret: toOptionalRule(WANTED, isSecret),
} satisfies OptionTable<EventsOptions>;

/** Reads the secrets. Adds a mistake where events are received and there is none. */
export function toWebhookSecrets(
  events: ValuesOf<typeof EVENTS> | undefined,
  given: unknown,
  options: OptionReader,
): readonly string[] {
  const secrets = [events?.secret ?? []].flat().map((secret) => secret.trim());
  const isLeftOut = typeof given === 'object' && (given as EventsOptions | null)?.secret === undefined;
  if (events !== undefined && isLeftOut)
    options.mistake('events.secret', 'nothing', `${WANTED}, here or in DESCOPE_WEBHOOK_SECRET`);
  return Object.freeze(secrets);
}
