// The application: Descope before every handler, the routes to try, and a page to try them from.
import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { DescopeModule } from 'nestjs-descope';
import { EmbeddedDescope } from './embedded/embedded-descope.js';
import { EmbeddedModule } from './embedded/embedded.module.js';
import { StartPageController } from './page/start-page.controller.js';
import { AccessController } from './routes/access.controller.js';
import { NotesController } from './routes/notes.controller.js';
import { OpenConnections } from './start/open-connections.js';

@Module({
  controllers: [StartPageController, AccessController, NotesController],
  providers: [OpenConnections],
})
export class AppModule {
  /** On the embedded Descope; without one, on the project that the environment names. */
  static on(embedded: EmbeddedDescope | undefined): DynamicModule {
    if (embedded === undefined) return { module: AppModule, imports: [DescopeModule.forRoot()] };
    return {
      module: AppModule,
      imports: [DescopeModule.forRoot(embedded.options), EmbeddedModule.of(embedded)],
    };
  }
}
