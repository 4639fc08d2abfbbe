import net from 'node:net';
import path from 'node:path';
import { DATABASE } from './cluster.ts';
import { dataFolder, type Place, socketFolder } from './place.ts';

/** How Postgres is reached: through its socket, or through a TCP port with a password. */
export type Endpoint =
  | { readonly kind: 'socket'; readonly folder: string }
  | { readonly kind: 'tcp'; readonly port: number; readonly password: string };

/** The port in a socket's name; no port is opened. */
const SOCKET_PORT = 5432;
/** A socket's path must fit the kernel's 104 bytes on macOS (108 on Linux). */
const SOCKET_PATH_BYTES = 100;

/** Everything here may be overridden. Durability is left as Postgres has it: an acknowledged booking outlives a power cut. */
const DEFAULTS: Readonly<Record<string, string>> = {
  // A small machine's share, the same on all, so that plans and timings can be compared.
  shared_buffers: '128MB',
  effective_cache_size: '1GB',
  work_mem: '8MB',
  maintenance_work_mem: '64MB',
  max_connections: '200',
  // A rush writes faster than the default's few segments are recycled.
  min_wal_size: '256MB',
  // Solid-state disks; with the default of 4 the planner avoids indexes.
  random_page_cost: '1.1',
  // Compiling takes longer than our short statements run.
  jit: 'off',
  // Workers share memory through /dev/shm, of which a container has 64 MB; a backend of its own for a short query does not pay.
  max_parallel_workers_per_gather: '0',
  max_parallel_maintenance_workers: '0',
  timezone: 'UTC',
  log_timezone: 'UTC',
  // Errors reach the client that caused them; here they would only copy what customers typed into a file.
  log_min_messages: 'log',
  log_min_error_statement: 'panic',
};

/** What the launcher decides, because it would not find the server again otherwise. */
const OWN = new Set([
  'config_file',
  'data_directory',
  'external_pid_file',
  'hba_file',
  'ident_file',
  'listen_addresses',
  'log_destination',
  'logging_collector',
  'port',
  'ssl',
  'unix_socket_directories',
  'unix_socket_group',
  'unix_socket_permissions',
]);

/** @throws Error that names the setting which is not for the caller to make. */
export function checkSettings(settings: Readonly<Record<string, string>>): void {
  for (const name of Object.keys(settings)) {
    if (OWN.has(name.toLowerCase()))
      throw new Error(`The setting ${name} of the embedded Postgres is decided by Evently and cannot be changed.`);
    if (!/^[a-z_][a-z0-9_.]*$/i.test(name))
      throw new Error(`${JSON.stringify(name)} is not the name of a Postgres setting.`);
  }
}

/** Whether the socket can be used here: its path is short enough, and the system has such sockets. */
export function fitsSocket(place: Place, platform: string = process.platform): boolean {
  const socket = path.join(socketFolder(place), `.s.PGSQL.${SOCKET_PORT}`);
  return platform !== 'win32' && Buffer.byteLength(socket) <= SOCKET_PATH_BYTES;
}

export function serverArguments(
  place: Place,
  endpoint: Endpoint,
  settings: Readonly<Record<string, string>>,
): string[] {
  const reached: Record<string, string> =
    endpoint.kind === 'socket'
      ? {
          listen_addresses: '',
          port: String(SOCKET_PORT),
          // A list, in which a comma in a folder's name would begin the next one.
          unix_socket_directories: `"${endpoint.folder.replaceAll('"', '""')}"`,
          unix_socket_permissions: '0700',
        }
      : { listen_addresses: '127.0.0.1', port: String(endpoint.port), unix_socket_directories: '' };
  const all = { ...DEFAULTS, ...settings, ...reached, log_destination: 'stderr', logging_collector: 'off' };
  return ['-D', dataFolder(place), ...Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
}

/** Everything that `pg` would otherwise take from PGPORT, PGSSLMODE and the like is said here. */
export function connectionUrl(endpoint: Endpoint): string {
  return endpoint.kind === 'socket'
    ? `postgresql://${DATABASE}@localhost:${SOCKET_PORT}/${DATABASE}?host=${encodeURIComponent(endpoint.folder)}&sslmode=disable`
    : `postgresql://${DATABASE}:${endpoint.password}@127.0.0.1:${endpoint.port}/${DATABASE}?sslmode=disable`;
}

/** A TCP port that is free now; another process may take it before Postgres does. */
export function findFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = net.createServer();
    probe.on('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() =>
        address && typeof address === 'object' ? resolve(address.port) : reject(new Error('no TCP port is free')),
      );
    });
  });
}
