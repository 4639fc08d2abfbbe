/** Something took longer than anybody was willing to wait for it. It goes on, and what becomes of it is nobody's concern. */
export class LateError extends Error {
  override readonly name = 'LateError';
}

/** @throws LateError when the work takes longer than `ms` milliseconds */
export async function inTime<T>(work: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new LateError(`it took longer than ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
