import { z } from 'zod';

/** A token that the waiting room gave, by its form; whether it is good, whoever is asked says. */
export const roomToken = z
  .string()
  .max(1000)
  .regex(/^[\w-]+\.[\w-]+\.[\w-]+$/, 'must be a token as the waiting room gives it');
