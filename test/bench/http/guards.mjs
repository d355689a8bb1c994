// A Nest module for each way to guard the same controller.
import 'reflect-metadata';
import { Controller, Get, Injectable, Module, UseGuards } from '@nestjs/common';
import { AuthGuard as PassportGuard, PassportModule, PassportStrategy } from '@nestjs/passport';
import { auth } from 'express-oauth2-jwt-bearer';
import { ExtractJwt, Strategy } from 'passport-jwt';
import { ISSUER, PROJECT_ID } from '../support/issuer.mjs';
import { descope, toOptions } from '../support/ours.mjs';
import { callMiddleware, PEER_WITH_MEMORY, PEERS, serveKeys, toRemembering } from '../support/peers.mjs';

/** Makes the module of a variant; nothing is remembered by a new one. */
export async function createModule(variant, published) {
  const controller = toController();
  if (variant === 'nestjs-descope')
    return toModule(controller, [descope.DescopeModule.forRoot(toOptions(published))]);
  if (variant === 'no guard') return toModule(controller);
  if (variant === 'passport-jwt') return toPassportModule(controller, published);
  UseGuards(await createGuard(variant, published))(controller);
  return toModule(controller);
}

async function createGuard(variant, published) {
  if (variant === 'trivial guard') return { canActivate: () => true };
  if (variant === 'guard that reads the header') return { canActivate: isHeaderThere };
  if (variant === 'express-oauth2-jwt-bearer') return createMiddlewareGuard(published);
  const isRemembering = variant === PEER_WITH_MEMORY;
  const verify = isRemembering ? toRemembering(published) : await PEERS[variant](published);
  return { canActivate: (context) => passBearer(context, verify) };
}

// The least that tells one caller from another. Node makes the object of headers when it is first asked for.
function isHeaderThere(context) {
  return context.switchToHttp().getRequest().headers.authorization !== undefined;
}

// As it is written in a hundred answers: take the header apart, verify, put the claims on the request.
function passBearer(context, verify) {
  const request = context.switchToHttp().getRequest();
  const [scheme, token] = request.headers.authorization?.split(' ') ?? [];
  if (scheme !== 'Bearer') return false;
  const verified = verify(token);
  if (!(typeof verified?.then === 'function')) {
    request.user = verified;
    return true;
  }
  return verified.then((claims) => {
    request.user = claims;
    return true;
  });
}

async function createMiddlewareGuard({ algorithm, jwk }) {
  const jwksUri = await serveKeys(jwk);
  const handle = auth({ issuer: ISSUER, audience: PROJECT_ID, tokenSigningAlg: algorithm, jwksUri });
  return {
    canActivate(context) {
      const http = context.switchToHttp();
      return callMiddleware(handle, http.getRequest(), http.getResponse());
    },
  };
}

function toPassportModule(controller, { algorithm, pem }) {
  class JwtStrategy extends PassportStrategy(Strategy) {
    constructor() {
      const jwtFromRequest = ExtractJwt.fromAuthHeaderAsBearerToken();
      super({ jwtFromRequest, secretOrKey: pem, algorithms: [algorithm], issuer: ISSUER });
    }

    validate(claims) {
      return claims;
    }
  }
  Injectable()(JwtStrategy);
  UseGuards(PassportGuard('jwt'))(controller);
  return toModule(controller, [PassportModule], [JwtStrategy]);
}

function toController() {
  class OrdersController {
    list() {
      return { orders: [1, 2, 3] };
    }
  }
  Controller('orders')(OrdersController);
  const list = Object.getOwnPropertyDescriptor(OrdersController.prototype, 'list');
  Get()(OrdersController.prototype, 'list', list);
  return OrdersController;
}

function toModule(controller, imports = [], providers = []) {
  class AppModule {}
  Module({ imports, providers, controllers: [controller] })(AppModule);
  return AppModule;
}
