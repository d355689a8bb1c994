// The vendor's client manages inbound apps, which plain OAuth then gets tokens with.
import { describe, expect, it } from '@jest/globals';
import { useEmulator } from '../../support/use-emulator.js';

const bed = useEmulator();

const apps = () => bed.admin.management.inboundApplication;
const READ = { name: 'read', description: 'reads', values: ['Reader'] };

const grant = async (clientId: string, clientSecret: string) => {
  const body = new URLSearchParams({ grant_type: 'client_credentials', client_id: clientId });
  body.set('client_secret', clientSecret);
  return (await bed.request('/oauth2/v1/apps/token', { method: 'POST', body })).status;
};

describe('inbound apps under management', () => {
  it('are made with a client id that names project and app, and a secret that gets a token', async () => {
    const { data } = await apps().createApplication({ name: 'robot', permissionsScopes: [READ] });
    const { id = '', clientId = '', cleartext = '' } = data ?? {};
    expect(id).toMatch(/^TPA/);
    expect(Buffer.from(clientId, 'base64').toString()).toBe(`${bed.emulator.projectId}:${id}`);
    expect(await grant(clientId, cleartext)).toBe(200);
  });

  it('are loaded and listed without their secret, which is told on demand', async () => {
    const { data } = await apps().createApplication({ name: 'robot', permissionsScopes: [READ] });
    const { id = '', cleartext } = data ?? {};
    const loaded = (await apps().loadApplication(id)).data;
    expect(loaded).toMatchObject({ id, name: 'robot', permissionsScopes: [READ], approvedCallbackUrls: [] });
    expect((await apps().loadAllApplications()).data).toEqual([loaded]);
    expect(JSON.stringify(loaded)).not.toContain(cleartext);
    expect((await apps().getApplicationSecret(id)).data).toEqual({ cleartext });
  });

  it('lose with an update what it leaves out, and nothing with a patch', async () => {
    const made = await apps().createApplication({
      name: 'robot',
      description: 'd',
      permissionsScopes: [READ],
    });
    const id = made.data?.id ?? '';
    await apps().patchApplication({ id, name: 'android' });
    expect((await apps().loadApplication(id)).data).toMatchObject({
      name: 'android',
      description: 'd',
      permissionsScopes: [READ],
    });
    await apps().updateApplication({ id, name: 'cyborg', permissionsScopes: [] });
    expect((await apps().loadApplication(id)).data).toMatchObject({
      name: 'cyborg',
      description: '',
      permissionsScopes: [],
    });
  });

  it('reject the old secret once it is rotated', async () => {
    const { data } = await apps().createApplication({ name: 'robot', permissionsScopes: [] });
    const { id = '', clientId = '', cleartext = '' } = data ?? {};
    const rotated: { readonly data?: unknown } = await apps().rotateApplicationSecret(id);
    expect(await grant(clientId, cleartext)).toBe(401);
    expect(rotated.data).toEqual((await apps().getApplicationSecret(id)).data);
    const { cleartext: fresh } = rotated.data as { cleartext: string };
    expect(await grant(clientId, fresh)).toBe(200);
  });

  it('are gone once they are deleted, alone or in a batch', async () => {
    const ids: string[] = [];
    for (const name of ['a', 'b', 'c']) {
      ids.push((await apps().createApplication({ name, permissionsScopes: [] })).data?.id ?? '');
    }
    await apps().deleteApplication(ids[0] ?? '');
    expect((await apps().loadApplication(ids[0] ?? '')).error?.errorCode).toBe('E011003');
    await apps().deleteApplicationBatch(ids.slice(1));
    expect((await apps().loadAllApplications()).data).toEqual([]);
  });

  it('need the management key', async () => {
    expect((await bed.sdk.management.inboundApplication.loadAllApplications()).code).toBe(401);
  });
});
