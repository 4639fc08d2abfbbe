/** What the page reads, as REST and the stream send it. */

export type State = 'a' | 'h' | 'b' | 'x';

export interface Availability {
  sectionId: string;
  available: number;
}

export interface Show {
  id: string;
  eventId: string;
  venue: { name: string; city: string; timeZone: string };
  startsAt: string;
  status: 'scheduled' | 'cancelled';
  sections: (Availability & { name: string; kind: 'seated' | 'standing'; capacity: number; price: Money })[];
}

export interface Money {
  amount: number;
  currency: string;
}

export interface Layout {
  seatCount: number;
  sections: {
    sectionId: string;
    name: string;
    rows: { row: string; seats: { seatId: string; number: string; x: number; y: number }[] }[];
  }[];
}

export type Change = { index: number; state: State };

export type Message =
  | { kind: 'snapshot'; version: number; states: string; sections: Availability[] }
  | { kind: 'delta'; version: number; changes: Change[]; sections: Availability[] };

/** How fresh what is shown is: streamed, asked for again and again, or neither at the moment. */
export type Connection = 'live' | 'polling' | 'waiting';

/** A seat as the hall draws it; its index is its place among the states. */
export interface Place {
  index: number;
  section: number;
  row: number;
  rowName: string;
  number: string;
  x: number;
  y: number;
}

export interface SectionCount {
  name: string;
  kind: 'seated' | 'standing';
  capacity: number;
  available: number;
  /** Null where the stream does not tell, as of standing places: they are available or taken. */
  held: number | null;
  sold: number | null;
  taken: number;
}
