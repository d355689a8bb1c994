// The application: Descope before every handler, the routes to try, and a page to try them from.
import type { DynamicModule } from '@nestjs/common';
import { Module } from '@nestjs/common';
import { DescopeModule } from 'nestjs-descope';
import type { Surroundings } from './descope-options.js';
import { toDescopeOptions } from './descope-options.js';
import { EmbeddedModule } from './embedded/embedded.module.js';
import { OrdersModule } from './orders/orders.module.js';
import { AssetsController } from './page/assets.controller.js';
import { StartPageController } from './page/start-page.controller.js';
import { AccessController } from './routes/access.controller.js';
import { NotesController } from './routes/notes.controller.js';
import { CallsController } from './start/calls.controller.js';
import { OpenConnections } from './start/open-connections.js';
import { RunningApplication } from './start/running-application.js';
import type { Settings } from './start/settings.js';

@Module({
  controllers: [StartPageController, AssetsController, CallsController, AccessController, NotesController],
  providers: [OpenConnections, RunningApplication],
})
export class AppModule {
  static on(settings: Settings, surroundings: Surroundings): DynamicModule {
    const { embedded, redis } = surroundings;
    return {
      module: AppModule,
      imports: [
        DescopeModule.forRoot(toDescopeOptions(settings, surroundings)),
        OrdersModule,
        ...(embedded ? [EmbeddedModule.of(embedded)] : []),
      ],
      providers: redis ? [{ provide: 'redis', useValue: redis }] : [], // so that it ends with the application
    };
  }
}
