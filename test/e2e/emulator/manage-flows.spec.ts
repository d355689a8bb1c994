// Management of flows, with the vendor's client.
import { describe, expect, it } from '@jest/globals';
import { useEmulator } from '../../support/use-emulator.js';

const bed = useEmulator({ seed: { flows: [{ id: 'welcome', kind: 'sign-up-or-in' }] } });

describe('The flows of a project', () => {
  // python-sdk, tests/e2e/management/test_flow.py: the total is the length, and not 0; node-sdk, `FlowsResponse`.
  it('are listed, those of the seed too', async () => {
    const { data } = await bed.admin.management.flow.list();
    expect(data?.total).toBe(data?.flows.length);
    expect(data?.flows).toContainEqual({ id: 'sign-in', name: 'sign-in', description: '', disabled: false });
    expect(data?.flows.map(({ id }) => id)).toContain('welcome');
  });

  it('do not start once they are deleted, until a reset', async () => {
    expect((await bed.sdk.flow.start('welcome')).ok).toBe(true);
    expect((await bed.admin.management.flow.delete(['welcome', 'unknown'])).ok).toBe(true);
    expect((await bed.sdk.flow.start('welcome')).error?.errorMessage).toContain('no flow welcome');
    expect((await bed.admin.management.flow.list()).data?.flows.map(({ id }) => id)).not.toContain('welcome');
    bed.emulator.reset();
    expect((await bed.sdk.flow.start('welcome')).ok).toBe(true);
  });

  // node-sdk, flow.test.ts and `FlowResponse`; python-sdk, flow.py: what `export` gives, `import` takes.
  it('are exported, and imported under another id', async () => {
    const { data } = await bed.admin.management.flow.export('welcome');
    expect(data?.flow).toMatchObject({ id: 'welcome', name: 'welcome', disabled: false });
    if (!data) throw new Error('no flow');
    const flow = { ...data.flow, id: 'hello', name: 'Hello', description: 'For guests', etag: 'e1' };
    const imported = await bed.admin.management.flow.import('hello', flow, data.screens);
    expect(imported.data).toEqual({ flow, screens: [] });
    expect((await bed.admin.management.flow.export('hello')).data).toEqual({ flow, screens: [] });
    const { dsl: _dsl, ...listed } = flow;
    expect((await bed.admin.management.flow.list()).data?.flows).toContainEqual(listed);
    expect((await bed.sdk.flow.start('hello')).data?.screen?.id).toBe('login');
    await bed.admin.management.flow.import('hello', { ...flow, disabled: true });
    expect((await bed.sdk.flow.start('hello')).error?.errorMessage).toBe('The flow hello is disabled');
    await bed.admin.management.flow.delete(['hello']);
    expect((await bed.admin.management.flow.export('hello')).error?.errorMessage).toBe(
      'There is no flow hello',
    );
  });

  // descope-js, examples/managementCli: a file of Descope's console, with steps and screens.
  it('are kept when they were drawn in the console of Descope, and not run', async () => {
    const flow = { id: 'drawn', name: 'Drawn', description: '', disabled: false, dsl: { tasks: { 0: {} } } };
    const screens = [{ id: 'SC1', flowId: 'drawn', htmlTemplate: { main: '<p>' } }];
    await bed.admin.management.flow.import('drawn', flow, screens);
    expect((await bed.admin.management.flow.export('drawn')).data).toEqual({ flow, screens });
    expect((await bed.sdk.flow.start('drawn')).error?.errorMessage).toContain('drawn was imported');
  });

  it('have no screens of their own in the emulator, and plain ids', async () => {
    const { data } = await bed.admin.management.flow.export('welcome');
    if (!data) throw new Error('no flow');
    const screen = { id: 'SC1', flowId: 'welcome', htmlTemplate: {} };
    const withScreens = await bed.admin.management.flow.import('welcome', data.flow, [screen]);
    expect(withScreens.error?.errorMessage).toContain('draws the screens');
    const { error } = await bed.admin.management.flow.import('my_flow', data.flow);
    expect(error?.errorMessage).toContain('letters, digits and -');
  });
});

describe('The theme of a project', () => {
  const themeFile = async () =>
    (await bed.request(`/pages/${bed.emulator.projectId}/v2-beta/theme.json`)).json();

  // node-sdk, theme.test.ts and `ThemeResponse`; the file is what the web component asks for.
  it('is exported as it is served, and served as it was imported', async () => {
    const { data } = await bed.admin.management.theme.export();
    expect(data?.theme.cssTemplate).toEqual(await themeFile());
    const style = { globals: '[data-theme="light"] { --descope-colors: red; }', components: { button: {} } };
    const theme = { id: 'brand', cssTemplate: { light: style, dark: style } };
    expect((await bed.admin.management.theme.import(theme)).data).toEqual({ theme });
    expect((await bed.admin.management.theme.export()).data).toEqual({ theme });
    expect(await themeFile()).toEqual(theme.cssTemplate);
    bed.emulator.reset();
    expect((await bed.admin.management.theme.export()).data).toEqual(data);
  });

  it('is refused in a form that cannot be served', async () => {
    const { error } = await bed.admin.management.theme.import({ id: 'brand', cssTemplate: { light: {} } });
    expect(error?.errorMessage).toContain('light and dark');
  });
});
