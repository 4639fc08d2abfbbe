import { z } from 'zod';
import { id, idempotencyKey, line, pageInput, pageOf } from '../fields.ts';
import { adminProcedure } from '../trpc.ts';
import { createPolicy } from './create-policy.ts';
import { listPolicies } from './policies.ts';
import { ruleFields, rulesOutput } from './rule-fields.ts';
import { updatePolicy } from './update-policy.ts';

const policyOutput = z.object({
  id: z.string(),
  name: z.string(),
  rules: rulesOutput,
  /** Send it along with an edit. */
  version: z.int(),
  createdAt: z.date(),
});

export const policiesRouter = {
  /**
   * What goes back when a booking is cancelled, by the hours that are left until the show. Of each ticket it is the least that
   * the rule that applies and all earlier ones return, so that waiting never pays; after the last, nothing.
   */
  create: adminProcedure
    .meta({
      openapi: { method: 'POST', path: '/admin/policies', summary: 'Create a cancellation policy', status: 201 },
    })
    .input(z.strictObject({ name: line(200), rules: ruleFields, idempotencyKey: idempotencyKey.optional() }))
    .output(policyOutput)
    .mutation(({ ctx, input }) => createPolicy(ctx, input)),

  /** The policies, newest first. */
  list: adminProcedure
    .meta({ openapi: { method: 'GET', path: '/admin/policies', summary: 'List the cancellation policies' } })
    .input(z.strictObject(pageInput))
    .output(pageOf(policyOutput))
    .query(({ ctx, input }) => listPolicies(ctx.db, input)),

  /**
   * Changes a policy, for the shows that are given it from now on: those that have it keep its rules as they were. Problems:
   * `version_conflict`.
   */
  update: adminProcedure
    .meta({
      openapi: { method: 'PATCH', path: '/admin/policies/{policyId}', summary: 'Change a cancellation policy' },
    })
    .input(
      z.strictObject({
        policyId: id,
        version: z.int().min(1),
        name: line(200).optional(),
        rules: ruleFields.optional(),
      }),
    )
    .output(policyOutput)
    .mutation(({ ctx, input }) => updatePolicy(ctx, input)),
};
