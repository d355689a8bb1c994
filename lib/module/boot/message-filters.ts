// Puts the filter of our refusals before messages, where Nest asks no global filter.
import { Inject, Injectable } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { RefusalFilter, messageRefusalFilter } from '../../auth/answer/refusal-filter.js';
import { prependFilter, readMessageTransport } from '../scan/handler-metadata.js';
import { readHandlers } from '../scan/handlers.js';

/** Is made with the application's other providers, which is before Nest binds their messages. */
@Injectable()
export class MessageFilters {
  constructor(
    @Inject(ModulesContainer) modules: ModulesContainer,
    @Inject(RefusalFilter) { hasHttp }: RefusalFilter,
  ) {
    for (const { type, handler } of readHandlers(modules)) {
      const transport = readMessageTransport(handler);
      if (transport === 'ws' || (transport === 'rpc' && hasHttp)) prependFilter(type, messageRefusalFilter);
    }
  }
}
