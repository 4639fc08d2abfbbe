import { randomUUID } from 'node:crypto';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import nodemailer from 'nodemailer';

export interface Mail {
  /** The same for every try: whoever receives it twice can tell. */
  id: string;
  to: string;
  subject: string;
  text: string;
}

export interface Mailer {
  send: (mail: Mail) => Promise<void>;
}

/** Writes mails as .eml files, for want of a server that takes them. A mail that is sent again replaces itself. */
export function createOutbox(folder: string, from: string): Mailer {
  const composer = nodemailer.createTransport({ streamTransport: true, buffer: true, newline: 'unix' });
  return {
    async send({ id, to, subject, text }) {
      const { message } = await composer.sendMail({ messageId: `<${id}@evently>`, from, to, subject, text });
      // Renamed into place, so that nobody ever reads half a mail.
      const draft = path.join(folder, `.${id}-${randomUUID()}`);
      await writeFile(draft, message).catch(async (error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error;
        await mkdir(folder, { recursive: true });
        await writeFile(draft, message);
      });
      await rename(draft, path.join(folder, `${id}.eml`));
    },
  };
}
