// The routes under a global prefix, versions, pipes and interceptors of the application, and in its documentation.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { VersioningType } from '@nestjs/common';
import type { OpenAPIObject } from '@nestjs/swagger';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { DescopeModule } from 'nestjs-descope';
import type { Emulator } from 'nestjs-descope/emulator';
import { map } from 'rxjs';
import type { RunningApplication } from '../../support/application.js';
import { ADAPTERS, start } from '../../support/application.js';
import { ANNA, PagesController, startDescope } from '../../support/session-application.js';

describe.each(ADAPTERS)(
  'The routes in an application with prefix, versions, pipes and interceptors, on %s',
  (adapter) => {
    let emulator: Emulator;
    let application: RunningApplication;
    let document: OpenAPIObject;

    beforeAll(async () => {
      emulator = await startDescope();
      const { projectId, url: baseUrl } = emulator;
      const options = { projectId, baseUrl, audience: null, session: {}, routes: { loginRedirect: true } };
      const metadata = { imports: [DescopeModule.forRoot(options)], controllers: [PagesController] };
      application = await start(adapter, metadata, {
        configure: (app) => {
          app.setGlobalPrefix('api');
          app.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' });
          app.useGlobalPipes({ transform: () => ({ nothing: 'of what was sent' }) });
          app.useGlobalInterceptors({
            intercept: (_context, next) => next.handle().pipe(map((data) => ({ data }))),
          });
          document = SwaggerModule.createDocument(app, new DocumentBuilder().build());
        },
      });
    });
    afterAll(async () => {
      await application.close();
      await emulator.close();
    });

    it('have the prefix and no version, and respond past pipes and interceptors', async () => {
      const { sessionJwt, refreshJwt } = await emulator.signIn(ANNA);
      const stored = await application.request('/api/auth/store_jwt', {
        method: 'POST',
        headers: { 'content-type': 'application/json', origin: application.url },
        body: JSON.stringify({ sessionJwt, refreshJwt }),
      });
      expect([stored.status, Object.keys(stored.body)]).toEqual([200, ['user', 'expiresAt']]);
      const page = await application.request('/api/auth/login');
      expect(page.text).toContain('"/api/auth/store_jwt"');
      const redirected = await application.request('/api/v1/me', { headers: { accept: 'text/html' } });
      expect(redirected.headers.get('location')).toBe('/api/auth/login?next=%2Fapi%2Fv1%2Fme');
    });

    it('appear in the document of Swagger', () => {
      const paths = Object.keys(document.paths).filter((path) => path.includes('/auth/'));
      expect(paths).toHaveLength(10);
      const store = document.paths['/api/auth/store_jwt']?.post;
      expect(store).toMatchObject({ summary: 'Stores the tokens of a sign-in', tags: ['auth'] });
      expect(Object.keys(store?.responses ?? {})).toEqual(['200', '401', '403', '503']);
      expect(JSON.stringify(store?.requestBody)).toContain('refreshJwt');
      expect(document.paths['/api/auth/me']?.get?.parameters).toMatchObject([
        { name: 'profile', in: 'query' },
      ]);
    });

    it.each(['/api/auth/logout', '/api/auth/logout-all'])(
      'show the rejections and the outage of %s',
      (path) => {
        expect(Object.keys(document.paths[path]?.post?.responses ?? {})).toEqual([
          '204',
          '401',
          '403',
          '503',
        ]);
      },
    );
  },
);
