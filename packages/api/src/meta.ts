/** Who may call a procedure: anybody, or somebody with at least this role. */
export type Tier = 'open' | 'user' | 'staff' | 'admin';

/** What a procedure says about itself besides its types. */
export interface ProcedureMeta {
  /** Where REST callers find it, under /api/v1. Path parameters in braces are fields of the input. A test holds that no procedure lacks it. */
  openapi?: {
    method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
    path: `/${string}`;
    /** One line for the reference. */
    summary: string;
    /** What the summary leaves out. */
    description?: string;
    /** 201 for creations, 200 unless said otherwise. */
    status?: 201;
  };
  /** A mutation that may be sent again without a key: the state it leads to answers for it. */
  idempotent?: true;
  /** How many bytes of input it reads, where the usual 64 KiB are too few. */
  bodyLimit?: number;
  /**
   * Its answers are the same for everybody and may be kept for a moment; what they tell of, so that they are forgotten when
   * that changes. The input has `eventId` or `showId` where it is one event or show.
   */
  publicRead?: { about: 'listings' | 'event' | 'show' /** They never change at all. */; isImmutable?: true };
  /** The tighter limit that its calls count towards, beside that of all calls. */
  limit?: 'booking' | 'register';
  /** The least role that may call it; set by the tier. */
  tier?: Tier;
}
