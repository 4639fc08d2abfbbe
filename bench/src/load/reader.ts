import { readAnswer } from './answer.ts';
import type { Client } from './client.ts';

/** Reads one thing. @throws Error when the answer is not what it must be */
export type Read = () => Promise<void>;

/** Something to be read, and what must be true of it. */
export interface Wanted {
  procedure: string;
  input: object;
  /** Another input of the same meaning, each time: what is remembered by its address is then asked for anew. */
  vary?: () => object;
  /** @returns whether the output is what was asked for */
  fits: (output: unknown) => boolean;
}

/** As the SDK sends a query: the input as JSON in the address. */
export const pathOf = ({ procedure, input }: Pick<Wanted, 'procedure' | 'input'>) =>
  `/trpc/${procedure}?input=${encodeURIComponent(JSON.stringify(input))}`;

/**
 * Reads public things and checks every answer. Reading a page of twenty events costs the generator as much as serving it
 * costs the server, so an answer that is, byte for byte, one that was read and found right before is not read again.
 */
export function createReader(client: Pick<Client, 'read'>, wanted: Wanted): Read {
  const { procedure, vary } = wanted;
  const usual = pathOf(wanted);
  let known: Buffer | null = null;
  return async () => {
    const path = vary ? pathOf({ procedure, input: vary() }) : usual;
    const { status, body } = await client.read(path);
    if (status === 200 && known?.equals(body)) return;
    const answer = readAnswer(status, body.toString());
    if (!('output' in answer)) throw new Error(`${procedure} was refused: ${answer.refused}`);
    if (!wanted.fits(answer.output))
      throw new Error(`${path} answered something else: ${body.toString().slice(0, 300)}`);
    known = body;
  };
}
