// The default theme of Descope's component library, in the form of a project's theme file.
import { createContext, runInContext } from 'node:vm';
import { isObject } from '../http/fields.js';
import type { JsonObject } from '../http/message.js';

/** The file `theme.json`. */
export interface FlowTheme {
  readonly light: ThemeStyles;
  readonly dark: ThemeStyles;
}

/** The styles of a theme: those of the whole page, and those of each element. */
interface ThemeStyles {
  readonly globals: string;
  readonly components: JsonObject;
}

const MAX_RUN_MS = 30_000;

// What the script looks for in a browser when it is loaded; it draws nothing.
const BROWSER = `
globalThis.self = globalThis.window = globalThis;
globalThis.HTMLElement = class {};
globalThis.customElements = { get() {}, define() {} };
globalThis.document = { currentScript: { tagName: 'SCRIPT', src: 'http://127.0.0.1/' } };
`;

// The functions and values that Descope's development build of the library has for previews of a theme.
const READ = `
const { themeToStyle, defaultTheme, darkTheme } = DescopeDev;
JSON.stringify({ light: themeToStyle(defaultTheme), dark: themeToStyle(darkTheme) });
`;

/** Reads the theme from the library's development build. */
export function readTheme(script: string): FlowTheme {
  const context = createContext({});
  const run = (code: string): unknown => runInContext(code, context, { timeout: MAX_RUN_MS });
  run(BROWSER);
  run(script);
  const themes: unknown = JSON.parse(String(run(READ)));
  return { light: toStyles(themes, 'light'), dark: toStyles(themes, 'dark') };
}

function toStyles(themes: unknown, name: 'light' | 'dark'): ThemeStyles {
  const theme = isObject(themes) ? themes[name] : undefined;
  if (!isObject(theme) || typeof theme['globals'] !== 'string' || !isObject(theme['components'])) {
    throw new Error(`The component library has no ${name} theme`);
  }
  const globals = `[data-theme="${name}"] {${theme['globals']}}\n.hide { display: none !important; }\n`;
  return { globals, components: theme['components'] };
}
