// Lets in who sits at this machine, and nobody whom a proxy or another machine's name led here.
import type { IncomingMessage } from 'node:http';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { Injectable, NotFoundException } from '@nestjs/common';

type Caller = Pick<IncomingMessage, 'headers' | 'socket'>;

const HOST = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/i;
const PEER = /^(?:::1|(?:::ffff:)?127(?:\.\d{1,3}){3})$/i;
const FORWARDED = ['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip'];

@Injectable()
export class LoopbackGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    if (isLoopback(context.switchToHttp().getRequest<Caller>())) return true;
    throw new NotFoundException(); // from elsewhere there is no such page
  }
}

// The Host header too: another site's name may be made to point here.
function isLoopback({ headers, socket }: Caller): boolean {
  if (!HOST.test(headers.host ?? '') || !PEER.test(socket.remoteAddress ?? '')) return false;
  return FORWARDED.every((name) => headers[name] === undefined);
}
