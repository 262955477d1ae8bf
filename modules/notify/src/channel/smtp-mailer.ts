import { createTransport } from "nodemailer";

import type { Mailer } from "../deps.ts";

/** Sends by the mail server of `smtp://user:password@host:port` or `smtps://...`; a plain connection is raised to TLS where the server can. */
export function createSmtpMailer(o: { readonly url: string; readonly from: string }): Mailer {
  const transport = createTransport(o.url, { from: o.from, disableFileAccess: true, disableUrlAccess: true });
  return {
    async send({ to, subject, text }) {
      // An object, so that a comma in an address does not make two of it.
      await transport.sendMail({ to: { name: "", address: to }, subject, text });
    },
  };
}
