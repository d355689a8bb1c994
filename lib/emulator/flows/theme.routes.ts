// The theme of the project: exported, imported, and what the web component is served.
import { DescopeError } from '../errors.js';
import { isObject, readObject, requireObject, requireString } from '../http/fields.js';
import type { JsonObject } from '../http/message.js';
import { ok } from '../http/message.js';
import type { Handler } from '../http/router.js';
import { routesFor, takes } from '../http/router.js';
import type { ProjectState } from '../project-state.js';
import { assertInstalled, findLibrary } from './component-library.js';
import { toPlainCss } from './plain-screens.js';

const exportTheme: Handler = (_call, state) => {
  return ok({ theme: state.project.theme ?? { id: 'default', cssTemplate: toTheme(state) } });
};

const importTheme: Handler = (call, { project }) => {
  const theme = requireObject(call.body, 'theme');
  requireString(theme, 'id');
  const styles = readObject(theme, 'cssTemplate') ?? {};
  if (!isServed(styles['light']) || !isServed(styles['dark'])) {
    const message =
      'The emulator serves a theme whose cssTemplate has light and dark, each with globals (CSS) and components: ' +
      'export one to see the form';
    throw new DescopeError('invalidArguments', message);
  }
  project.theme = theme;
  return ok({ theme });
};

/** The routes that manage the theme. */
export const themeRoutes = routesFor('management', {
  'POST /v1/mgmt/theme/export': exportTheme,
  'POST /v1/mgmt/theme/import': takes('theme', importTheme),
});

/** The file `theme.json`: what was imported, or the theme that the screens have without. */
export function toTheme({ project, settings }: ProjectState): JsonObject {
  const imported = project.theme && readObject(project.theme, 'cssTemplate');
  if (imported) return imported;
  if (settings.screens !== 'plain') return { ...assertInstalled(findLibrary()).theme };
  return {
    light: { globals: toPlainCss('light'), components: {} },
    dark: { globals: toPlainCss('dark'), components: {} },
  };
}

function isServed(styles: unknown): boolean {
  return isObject(styles) && typeof styles['globals'] === 'string' && isObject(styles['components']);
}
