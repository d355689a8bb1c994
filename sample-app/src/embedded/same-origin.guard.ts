// Lets a form be posted from this site's own pages only, so that no other site can sign anybody in.
import type { IncomingHttpHeaders } from 'node:http';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { ForbiddenException, Injectable } from '@nestjs/common';

@Injectable()
export class SameOriginGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { headers } = context.switchToHttp().getRequest<{ headers: IncomingHttpHeaders }>();
    if (isSameOrigin(headers)) return true;
    throw new ForbiddenException({
      statusCode: 403,
      error: 'Forbidden',
      message: 'Sign in and out from the start page.',
      code: 'REQUEST_CROSS_SITE',
    });
  }
}

// Browsers send one of the two with every form that is posted; a request with neither proves nothing.
function isSameOrigin(headers: IncomingHttpHeaders): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site === 'same-origin';
  const { origin, host } = headers;
  return origin !== undefined && URL.canParse(origin) && new URL(origin).host === host;
}
