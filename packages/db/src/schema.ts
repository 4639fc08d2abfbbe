/**
 * The tables, as Kysely sees them. `schema.db.test.ts` compares this file with the migrated database, column by column.
 *
 * A **show** is one performance of an **event** at a **venue**. A venue's **sections** are seated or standing. A **booking**
 * holds one **ticket** per place; a hold is a booking in status `held`. Amounts are integer minor units of the row's currency.
 */
import type { ColumnType, Generated, Insertable, Selectable } from 'kysely';
import type {
  BlockedSeatsTable,
  BookingEventsTable,
  BookingsTable,
  PaymentsTable,
  ShowInventoryTable,
  ShowSectionsTable,
  TicketsTable,
  WaitlistEntriesTable,
  WaitlistEventsTable,
} from './schema-inventory.ts';

/** An instant. Reads as `Date`; written as `Date`, so that the application's clock and not the session's decides. */
export type Instant = ColumnType<Date, Date, Date>;
/** A JSON object; written as text that is already JSON. */
export type Json<T> = ColumnType<T, string, string>;

export type Role = 'user' | 'staff' | 'admin';
export type SectionKind = 'seated' | 'standing';
export type EventStatus = 'draft' | 'published' | 'cancelled';
export type ShowStatus = 'scheduled' | 'cancelled';
export type WaitingRoomMode = 'auto' | 'on' | 'off';
export type BookingStatus = 'held' | 'paying' | 'confirmed' | 'released' | 'expired' | 'cancelled';
export type PaymentKind = 'charge' | 'refund';
export type PaymentStatus = 'started' | 'requested' | 'succeeded' | 'failed' | 'unknown';
export type SandboxChargeStatus = 'succeeded' | 'declined';
export type EntryStatus = 'waiting' | 'offered' | 'converted' | 'declined' | 'lapsed' | 'left' | 'closed';
export type NotificationKind = 'booking_confirmed' | 'booking_cancelled' | 'places_offered' | 'waitlist_closed';
export type NotificationChannel = 'email';
export type NotificationStatus = 'pending' | 'sent';
export type TicketStatus = 'held' | 'valid' | 'used' | 'void';

export interface UsersTable {
  id: string;
  email: string;
  name: string;
  password_hash: string;
  role: Role;
  created_at: Instant;
}

export interface SessionsTable {
  id: string;
  user_id: string;
  expires_at: Instant;
}

export interface IdempotencyKeysTable {
  user_id: string;
  procedure: string;
  key: string;
  request_hash: string;
  target_id: string;
  created_at: Instant;
}

export interface VenuesTable {
  id: string;
  name: string;
  address: string | null;
  city: string;
  country: string;
  time_zone: string;
  layout_version: number;
  version: number;
  created_at: Instant;
}

export interface VenueSectionsTable {
  id: string;
  venue_id: string;
  layout_version: number;
  position: number;
  name: string;
  kind: SectionKind;
  capacity: number;
}

export interface VenueSeatsTable {
  id: string;
  section_id: string;
  position: number;
  row_label: string;
  number: string;
  x: number;
  y: number;
}

export interface EventsTable {
  id: string;
  name: string;
  slug: string;
  description: string;
  category: string;
  tags: string[];
  image_url: string | null;
  status: EventStatus;
  version: number;
  created_at: Instant;
  published_at: Instant | null;
  search_text: string;
  search: ColumnType<string, never, never>;
  next_show_at: Instant | null;
  last_show_at: Instant | null;
  next_city: string | null;
  cities: string[];
  from_price: number | null;
  from_currency: string | null;
  sold_out: boolean;
  cancelled_at: Instant | null;
  cancelled_by: string | null;
  cancellation_reason: string | null;
  cancellation_finished_at: Instant | null;
}

export interface CancellationPoliciesTable {
  id: string;
  name: string;
  rules: Json<RefundRule[]>;
  version: number;
  created_at: Instant;
}

/** Until so many hours before the show, so much of a ticket's price less a fee goes back. */
export interface RefundRule {
  hoursBefore: number;
  refundPercent: number;
  /** Per ticket, in minor units of the show's currency. */
  feeAmount: number;
}

/** What a show returned from an instant on, until the next of its terms took over. */
export interface RefundTerms {
  /** ISO 8601; null: from the beginning. */
  from: string | null;
  /** The policy that they were copied from, its rules sorted; null: everything goes back until the show begins. */
  policy: { id: string; name: string; rules: RefundRule[] } | null;
}

export interface ShowsTable {
  id: string;
  event_id: string;
  venue_id: string;
  layout_version: number;
  starts_at: Instant;
  ends_at: Instant;
  sales_open_at: Instant | null;
  sales_close_at: Instant | null;
  currency: string;
  max_per_booking: number;
  hold_seconds: number;
  collect_at_door: boolean;
  status: ShowStatus;
  version: number;
  created_at: Instant;
  waiting_room_mode: Generated<WaitingRoomMode>;
  waiting_room_max_active: number | null;
  refund_terms: Json<RefundTerms[]> | null;
  cancelled_at: Instant | null;
  cancelled_by: string | null;
  cancellation_reason: string | null;
  cancellation_finished_at: Instant | null;
}

export interface SandboxChargesTable {
  id: string;
  status: SandboxChargeStatus;
  reason: string | null;
  amount: number;
  currency: string;
}

export interface SandboxRefundsTable {
  id: string;
  charge_id: string;
  amount: number;
}

export interface NotificationsTable {
  id: string;
  kind: NotificationKind;
  /** A booking, or an entry of a waitlist. */
  about_id: string;
  user_id: string;
  channel: NotificationChannel;
  status: NotificationStatus;
  created_at: Instant;
  sent_at: Instant | null;
}

export interface Database {
  users: UsersTable;
  sessions: SessionsTable;
  idempotency_keys: IdempotencyKeysTable;
  venues: VenuesTable;
  venue_sections: VenueSectionsTable;
  venue_seats: VenueSeatsTable;
  events: EventsTable;
  cancellation_policies: CancellationPoliciesTable;
  shows: ShowsTable;
  show_inventory: ShowInventoryTable;
  show_sections: ShowSectionsTable;
  blocked_seats: BlockedSeatsTable;
  bookings: BookingsTable;
  tickets: TicketsTable;
  booking_events: BookingEventsTable;
  waitlist_entries: WaitlistEntriesTable;
  waitlist_events: WaitlistEventsTable;
  payments: PaymentsTable;
  sandbox_charges: SandboxChargesTable;
  sandbox_refunds: SandboxRefundsTable;
  notifications: NotificationsTable;
}

export type NotificationRow = Selectable<NotificationsTable>;
export type UserRow = Selectable<UsersTable>;
export type VenueRow = Selectable<VenuesTable>;
export type EventRow = Selectable<EventsTable>;
export type ShowRow = Selectable<ShowsTable>;
export type PolicyRow = Selectable<CancellationPoliciesTable>;
export type BookingRow = Selectable<BookingsTable>;
export type NewVenueSection = Insertable<VenueSectionsTable>;
export type NewVenueSeat = Insertable<VenueSeatsTable>;
