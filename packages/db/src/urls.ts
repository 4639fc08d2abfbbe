/** The same server, another database. Works for `postgres://user@host:port/name` and for `postgres:///name?host=/socket/folder`. */
export function withDatabase(url: string, database: string): string {
  const [base = '', query] = url.split('?', 2);
  const end = base.indexOf('/', base.indexOf('://') + 3);
  const server = end < 0 ? base : base.slice(0, end);
  return `${server}/${encodeURIComponent(database)}${query === undefined ? '' : `?${query}`}`;
}
