import { z } from 'zod';
import { id } from '../fields.ts';
import { userProcedure } from '../trpc.ts';
import { findPlace } from './find-place.ts';
import { joinRoom } from './join-room.ts';
import { leaveRoom } from './leave-room.ts';
import { placeOutput } from './present-place.ts';
import { roomToken } from './room-token.ts';

const path = '/shows/{showId}/waiting-room';

export const waitingRoomRouter = {
  /**
   * Takes a place in the waiting room of a show, or asks for the one that one has. Problems: `overloaded` when too many wait.
   */
  join: userProcedure
    .meta({ openapi: { method: 'POST', path, summary: 'Join the waiting room' }, idempotent: true })
    .input(z.strictObject({ showId: id, queueToken: roomToken.optional() }))
    .output(placeOutput)
    .mutation(({ ctx, input }) => joinRoom(ctx, input)),

  /** Where one stands, which also keeps the place. Problems: `not_found` when one has no place: join, with the queue token. */
  status: userProcedure
    .meta({ openapi: { method: 'GET', path, summary: 'Ask for my place in the waiting room' } })
    .input(z.strictObject({ showId: id }))
    .output(placeOutput)
    .query(({ ctx, input }) => findPlace(ctx, input.showId)),

  /** Gives up one's place, or one's admission. */
  leave: userProcedure
    .meta({ openapi: { method: 'DELETE', path, summary: 'Leave the waiting room' }, idempotent: true })
    .input(z.strictObject({ showId: id }))
    .output(z.object({ ok: z.literal(true) }))
    .mutation(({ ctx, input }) => leaveRoom(ctx, input.showId)),
};
