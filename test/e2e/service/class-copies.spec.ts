// A library that loaded another build of the package injects its classes in an application of this one.
import { expect, it } from '@jest/globals';
import { DescopeModule, DescopeRevocations, DescopeService } from 'nestjs-descope';
import { createTestDescope } from 'nestjs-descope/testing';
import { start } from '../../support/application.js';
import { loadCopy } from '../../support/library-copy.js';

it("serves another copy's DescopeService and its siblings by this copy's own", async () => {
  const library = await loadCopy();
  expect(library.DescopeService).not.toBe(DescopeService);
  const { DescopeM2mClient, DescopeHealthIndicator } = library;
  const inject = [
    library.DescopeService,
    library.DescopeRevocations,
    DescopeM2mClient,
    DescopeHealthIndicator,
  ];
  const report = { provide: 'library', inject, useFactory: (...services: unknown[]) => services };
  const descope = createTestDescope();
  const metadata = { imports: [DescopeModule.forRoot({ audience: null })], providers: [report] };
  const { app, close } = await start('express', metadata, {
    override: (builder) => descope.override(builder),
  });
  const [service, revocations] = app.get<[DescopeService, DescopeRevocations]>('library');
  expect(service).toBe(app.get(DescopeService));
  expect(revocations).toBe(app.get(DescopeRevocations));
  expect((await service?.validateSession(descope.as({ sub: 'ann' }).token))?.user?.id).toBe('ann');
  await close();
});
