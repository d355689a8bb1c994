// An application as a user of the package writes it; compiled once as ESM and once as CommonJS.
import { Controller, Get, Inject, Injectable, Module } from '@nestjs/common';
import {
  CurrentUser,
  DescopeModule,
  DescopeService,
  DescopeUser,
  InjectDescope,
  Public,
  Roles,
} from 'nestjs-descope';
import type { DescopeClient } from 'nestjs-descope';
import { AccessController, IsAnna, IsLocal, IsWelcome } from './access.controller.js';

@Injectable()
export class Accounts {
  constructor(
    @InjectDescope() readonly client: DescopeClient,
    @Inject(DescopeService) readonly descope: DescopeService,
  ) {}

  create(email: string) {
    return this.client.management.user.create(email, { email, verifiedEmail: true });
  }
}

@Controller()
export class AppController {
  @Public()
  @Get('public')
  open() {
    return { isOpen: true };
  }

  @Get('me')
  me(@CurrentUser() user: DescopeUser, @CurrentUser('email') email: string | undefined) {
    return { id: user.id, email: email ?? null };
  }

  @Roles('admin')
  @Get('admin')
  admin() {
    return { isAdmin: true };
  }

  @Public()
  @Get('slow')
  async slow() {
    await new Promise((resolve) => setTimeout(resolve, 1000));
    return { isAnswered: true };
  }
}

@Module({
  imports: [DescopeModule.forRoot()],
  controllers: [AppController, AccessController],
  providers: [Accounts, IsAnna, IsLocal, IsWelcome],
})
export class AppModule {}
