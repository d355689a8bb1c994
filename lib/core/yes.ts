// What counts as a yes, of whomever is asked whether somebody may do something.

/**
 * Tells whether an answer is a yes: the boolean `true`, and nothing else. A promise that nobody waited for, a text, an
 * object or nothing at all is none.
 */
export function isYes(answer: unknown): answer is true {
  return answer === true;
}
