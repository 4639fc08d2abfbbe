import type { Context } from '@evently/api/context';
import type { FastifyRequest } from 'fastify';
import type { PublicReads } from './public-reads.ts';

/** What every way in shares. */
export interface Door {
  contextOf: (request: FastifyRequest) => Context;
  reads: PublicReads;
}
