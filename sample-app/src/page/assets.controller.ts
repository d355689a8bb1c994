// GET /assets/…: style and scripts of the pages, as they stand in sample-app/public.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Controller, Get, NotFoundException, Param, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { Public } from 'nestjs-descope';

const FOLDER = fileURLToPath(new URL('../../public/', import.meta.url));

const TYPES: readonly (readonly [ending: string, type: string])[] = [
  ['.css', 'text/css; charset=utf-8'],
  ['.js', 'text/javascript; charset=utf-8'],
];

interface Asset {
  readonly type: string;
  readonly text: string;
}

@Public()
@ApiExcludeController()
@Controller('assets')
export class AssetsController {
  readonly #assets = readAssets(); // once, and by name: no path of a request reaches the file system

  @Get(':name')
  show(
    @Param('name') name: string,
    @Res({ passthrough: true }) response: { header(name: string, value: string): unknown },
  ): string {
    const asset = this.#assets.get(name);
    if (asset === undefined) throw new NotFoundException();
    response.header('content-type', asset.type);
    return asset.text;
  }
}

function readAssets(): ReadonlyMap<string, Asset> {
  const assets = new Map<string, Asset>();
  for (const name of readdirSync(FOLDER)) {
    const type = TYPES.find(([ending]) => name.endsWith(ending))?.[1];
    if (type !== undefined) assets.set(name, { type, text: readFileSync(FOLDER + name, 'utf8') });
  }
  return assets;
}
