// Pages of other origins call the emulator: the web component does.
import { describe, expect, it } from '@jest/globals';
import { useEmulator } from '../../support/use-emulator.js';

const bed = useEmulator();

describe('a page of another origin', () => {
  const origin = 'http://127.0.0.1:3000';

  it('may ask with credentials, and read answers and rejections', async () => {
    for (const path of [`/v2/keys/${bed.emulator.projectId}`, '/nope']) {
      const { headers } = await bed.request(path, { headers: { origin } });
      expect(headers.get('access-control-allow-origin')).toBe(origin);
      expect(headers.get('access-control-allow-credentials')).toBe('true');
      expect(headers.get('vary')).toBe('Origin');
    }
    expect((await bed.request('/nope')).headers.has('access-control-allow-origin')).toBe(false);
  });

  it('asks first what it may send; that is not logged and meets no fault', async () => {
    bed.emulator.faults.add({ path: '/', status: 500 });
    const asks = { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'x-a' };
    const response = await bed.request('/v1/flow/start', { method: 'OPTIONS', headers: asks });
    expect([response.status, response.headers.get('access-control-allow-headers')]).toEqual([204, 'x-a']);
    expect(response.headers.get('access-control-allow-methods')).toContain('POST');
    expect(bed.emulator.requests.count()).toBe(0);
    expect((await bed.request('/', { method: 'OPTIONS' })).status).toBe(500);
  });

  it('sees ordered faults too', async () => {
    bed.emulator.faults.add({ path: '/', status: 503 });
    const { headers } = await bed.request('/', { headers: { origin } });
    expect(headers.get('access-control-allow-origin')).toBe(origin);
  });
});
