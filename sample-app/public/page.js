// Parts of the page that several steps use: elements, announcements, and logs. Text only, never HTML.

/**
 * Finds an element that the page is sure to have.
 * @param {string} id
 */
export function byId(id) {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`The page has no element ${id}.`);
  return element;
}

/**
 * Finds all buttons that a selector fits.
 * @param {string} selector
 * @returns {HTMLButtonElement[]}
 */
export function buttons(selector) {
  return [...document.querySelectorAll(`button${selector}`)].filter(
    (element) => element instanceof HTMLButtonElement,
  );
}

/**
 * Says something to screen readers.
 * @param {string} text
 */
export function announce(text) {
  byId('announcement').textContent = text;
}

/**
 * Makes an element that shows a text.
 * @param {string} name
 * @param {string} className
 * @param {string} [text]
 */
export function element(name, className, text = '') {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = text;
  return made;
}

/** What has happened in a step, line by line. */
export class Log {
  #list;

  /** @param {string} id */
  constructor(id) {
    this.#list = byId(id);
  }

  clear() {
    this.#list.replaceChildren();
  }

  /**
   * Adds a line: what was done, and what came of it.
   * @param {string} what
   * @param {string} [outcome]
   * @param {boolean} [isOk] left out where an outcome is neither good nor bad
   */
  add(what, outcome, isOk) {
    const line = element('li', '');
    line.append(element('span', 'what', what));
    if (outcome !== undefined) {
      const mark = element('span', 'outcome', outcome);
      if (isOk !== undefined) mark.dataset.ok = String(isOk);
      line.append(' ', mark);
    }
    this.#list.append(line);
  }
}

/**
 * Runs something at a press; meanwhile the button cannot be pressed again.
 * @param {HTMLButtonElement} button
 * @param {() => Promise<void>} step
 * @param {(error: unknown) => void} onFailure
 */
export function onPress(button, step, onFailure) {
  button.addEventListener('click', () => {
    button.setAttribute('aria-busy', 'true');
    if (button.dataset.isRunning === 'true') return;
    button.dataset.isRunning = 'true';
    step()
      .catch(onFailure)
      .finally(() => {
        delete button.dataset.isRunning;
        button.removeAttribute('aria-busy');
      });
  });
}

/** @param {number} milliseconds */
export function sleep(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
