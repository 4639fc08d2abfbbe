/** An answer as it stands on the wire. */
export interface HttpAnswer {
  status: number;
  /** In lower case. */
  head: string;
  body: string;
}

const HEAD_ENDS = Buffer.from('\r\n\r\n');
const LINE_ENDS = Buffer.from('\r\n');

/**
 * Takes a stream of bytes apart into the HTTP/1.1 answers that it consists of, by length or in chunks: what our servers
 * send, and no more than that. It costs a fraction of what a client does that reads whatever a server may send.
 *
 * @returns what to call with each piece that arrives. @throws Error when it makes no sense
 */
export function createAnswerReader(onAnswer: (answer: HttpAnswer) => void): (piece: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0);
  return (piece) => {
    rest = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
    for (let found = readAnswerAt(rest); found; found = readAnswerAt(rest)) {
      rest = rest.subarray(found.length);
      onAnswer(found.answer);
    }
  };
}

/** Null: there is more to come. */
function readAnswerAt(bytes: Buffer): { answer: HttpAnswer; length: number } | null {
  const headEnds = bytes.indexOf(HEAD_ENDS);
  if (headEnds < 0) return null;
  const head = bytes.toString('latin1', 0, headEnds).toLowerCase();
  const status = Number(/^http\/1\.1 (\d{3})/.exec(head)?.[1]);
  if (!(status >= 100)) throw new Error(`an answer does not begin like one: ${head.slice(0, 200)}`);
  const from = headEnds + HEAD_ENDS.length;
  const length = /\r\ncontent-length: *(\d+)/.exec(head)?.[1];
  if (length !== undefined) {
    const to = from + Number(length);
    return bytes.length < to ? null : { answer: { status, head, body: bytes.toString('utf8', from, to) }, length: to };
  }
  if (!/\r\ntransfer-encoding: *chunked/.test(head)) throw new Error(`an answer has no length: ${head.slice(0, 500)}`);
  const chunked = readChunks(bytes, from);
  return chunked && { answer: { status, head, body: chunked.body }, length: chunked.to };
}

function readChunks(bytes: Buffer, from: number): { body: string; to: number } | null {
  const chunks: Buffer[] = [];
  let at = from;
  for (;;) {
    const lineEnds = bytes.indexOf(LINE_ENDS, at);
    if (lineEnds < 0) return null;
    const size = Number.parseInt(bytes.toString('latin1', at, lineEnds), 16);
    if (!(size >= 0)) throw new Error('a chunk has no size');
    const begins = lineEnds + LINE_ENDS.length;
    const ends = begins + size + LINE_ENDS.length;
    if (bytes.length < ends) return null;
    if (size === 0) return { body: Buffer.concat(chunks).toString(), to: ends };
    chunks.push(bytes.subarray(begins, begins + size));
    at = ends;
  }
}
