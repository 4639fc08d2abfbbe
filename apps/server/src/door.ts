import type { Context } from '@evently/api/context';
import type { FastifyRequest } from 'fastify';
import type { PublicReads } from './public-reads.ts';

/** What every way in shares. */
export interface Door {
  contextOf: (request: FastifyRequest) => Context;
  /** A call is no longer under way, though its answer goes on. */
  endCall: (request: FastifyRequest) => void;
  reads: PublicReads;
}
