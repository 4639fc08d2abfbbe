/** The tables that box offices write, as Kysely sees them; each carries the shard. The others are in schema.ts. */
import type { Generated } from 'kysely';
import type { BookingStatus, EntryStatus, Instant, Json, PaymentKind, PaymentStatus, TicketStatus } from './schema.ts';

export interface ShowInventoryTable {
  show_id: string;
  shard: number;
  version: Generated<number>;
  next_position: Generated<number>;
  waiting: Generated<number>;
}

export interface ShowSectionsTable {
  show_id: string;
  section_id: string;
  shard: number;
  price: number;
  capacity: number;
  held: Generated<number>;
  sold: Generated<number>;
  blocked: Generated<number>;
  saved: Generated<boolean>;
}

export interface BlockedSeatsTable {
  show_id: string;
  seat_id: string;
  shard: number;
  section_id: string;
}

export interface BookingsTable {
  id: string;
  shard: number;
  reference: string;
  event_id: string;
  show_id: string;
  user_id: string;
  status: BookingStatus;
  quantity: number;
  total: number;
  retained: number;
  currency: string;
  expires_at: Instant | null;
  created_at: Instant;
  confirmed_at: Instant | null;
  cancelled_at: Instant | null;
  idempotency_key: string | null;
  request_hash: string;
  special_requests: string | null;
  metadata: Json<Record<string, unknown>> | null;
  version: number;
  history_seq: number;
  history_hash: string;
  cancellation_reason: string | null;
  entry_id: string | null;
}

export interface TicketsTable {
  id: string;
  shard: number;
  booking_id: string;
  show_id: string;
  section_id: string;
  seat_id: string | null;
  price: number;
  status: TicketStatus;
}

export interface BookingEventsTable {
  booking_id: string;
  seq: number;
  shard: number;
  type: string;
  actor: string;
  at: Instant;
  data: Json<Record<string, unknown>>;
  previous_hash: string;
  hash: string;
}

export interface WaitlistEntriesTable {
  id: string;
  shard: number;
  show_id: string;
  user_id: string;
  section_id: string | null;
  quantity: number;
  position: number;
  status: EntryStatus;
  joined_at: Instant;
  booking_id: string | null;
  passed: number;
  saves_section_id: string | null;
  saves_until: Instant | null;
  idempotency_key: string;
  request_hash: string;
  version: number;
}

export interface WaitlistEventsTable {
  entry_id: string;
  seq: number;
  shard: number;
  type: string;
  at: Instant;
  data: Json<Record<string, unknown>>;
}

export interface PaymentsTable {
  id: string;
  shard: number;
  booking_id: string;
  show_id: string;
  kind: PaymentKind;
  status: PaymentStatus;
  amount: number;
  currency: string;
  provider: string;
  charge_id: string | null;
  gives_back: boolean;
  created_at: Instant;
}
