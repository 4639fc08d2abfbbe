import { SettingsError } from './settings.ts';

/** What went wrong, in sentences for the operator: no stack, no code. */
export function explain(error: unknown): string {
  if (error instanceof SettingsError) return `The settings do not fit:\n  ${error.message.replaceAll('\n', '\n  ')}`;
  if (error instanceof AggregateError && error.errors.length > 0) return error.errors.map(explain).join('\n');
  // Something failed, and closing what was open failed because of it.
  if (error instanceof SuppressedError) return explain(error.suppressed);
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error ? String(error.code) : '';
  const address = 'address' in error ? ` at ${error.address}` : '';
  if (code === 'ECONNREFUSED') return `Nobody answers${address}: is the Postgres of DATABASE_URL running?`;
  if (code === 'ENOTFOUND') return `${error.message}: the host of DATABASE_URL is not known.`;
  if (code === '28P01' || code === '28000')
    return `Postgres refuses the user or password of DATABASE_URL: ${error.message}.`;
  if (code === '3D000')
    return `Postgres has no such database: ${error.message}. Create it, or name another in DATABASE_URL.`;
  return error.message || String(error);
}
