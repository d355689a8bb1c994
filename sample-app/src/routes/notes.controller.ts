// A route that changes something: with a cookie it answers this site's own pages only.
import { BadRequestException, Body, Controller, Post } from '@nestjs/common';
import { ApiBody } from '@nestjs/swagger';
import { CurrentUser } from 'nestjs-descope';

const MAX_LENGTH = 500;

@Controller('notes')
export class NotesController {
  #count = 0;

  /** Takes `{ "text": "…" }`. Nothing is kept. */
  @ApiBody({ schema: { type: 'object', properties: { text: { type: 'string', example: 'Hi' } } } })
  @Post()
  add(@Body() body: unknown, @CurrentUser('username') author: string) {
    const text = readText(body);
    this.#count += 1;
    return { id: this.#count, author, text };
  }
}

function readText(body: unknown): string {
  const text = typeof body === 'object' && body !== null && 'text' in body ? body.text : undefined;
  if (typeof text === 'string' && text.trim() !== '' && text.length <= MAX_LENGTH) return text;
  throw new BadRequestException(`A note needs a "text" of 1 to ${MAX_LENGTH} characters.`);
}
