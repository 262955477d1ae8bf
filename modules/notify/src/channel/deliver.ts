import { createHmac } from "node:crypto";

import type { Weight } from "@roadbed/contracts/notify";
import { DomainError, UnavailableError } from "@roadbed/core";

import type { NotifyDeps } from "../deps.ts";
import type { ChannelRow, Destination } from "./channel-store.ts";

/** What is sent of a notice. */
export interface Outgoing {
  readonly id: string;
  readonly at: Date;
  readonly weight: Weight;
  readonly title: string;
  readonly detail: string | null | undefined;
  readonly link: string;
  readonly ref?: string | null;
}

type Deps = Pick<NotifyDeps, "fetch" | "mailer" | "sealer" | "publicUrl">;

/** Sends one notice; answers why it was not taken, in words that hold no secret, or undefined when it was. */
export async function deliver(
  deps: Deps,
  channel: Pick<ChannelRow, "id" | "kind" | "sealed" | "target">,
  notice: Outgoing,
): Promise<string | undefined> {
  try {
    const { address, secret } = (await deps.sealer.open(channel.sealed, channel.id)) as Destination;
    if (channel.kind === "email") await sendMail(deps, address, notice);
    else await post(deps, channel.kind, address, secret, notice);
    return undefined;
  } catch (error) {
    if (error instanceof DomainError)
      return [error.message, error.mend]
        .filter(Boolean)
        .join(" ")
        .replaceAll(/https?:\/\/\S+/g, channel.target);
    return `${channel.target} could not be reached: ${(error as NodeJS.ErrnoException).code ?? (error as Error).name}`;
  }
}

async function sendMail({ mailer, publicUrl }: Deps, to: string, { title, detail, link }: Outgoing): Promise<void> {
  if (!mailer) throw new Error("this server sends no mail");
  const text = [
    title,
    ...(detail ? [detail] : []),
    "",
    publicUrl + link,
    "",
    `Change what you are sent: ${publicUrl}/inbox?view=channels`,
  ].join("\n");
  // A subject is one line: whatever an entity is called, it adds no header.
  await mailer.send({ to, subject: title.replaceAll(/[\r\n]+/g, " ").slice(0, 200), text });
}

async function post(
  { fetch, publicUrl }: Deps,
  kind: "webhook" | "slack",
  address: string,
  secret: string | undefined,
  notice: Outgoing,
): Promise<void> {
  const body = JSON.stringify(kind === "slack" ? slackMessage(publicUrl, notice) : webhookMessage(publicUrl, notice));
  const response = await fetch(address, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      // A webhook that gets the same notice twice can tell.
      "x-roadbed-delivery": notice.id,
      ...(secret === undefined ? {} : { "x-roadbed-signature-256": `sha256=${createHmac("sha256", secret).update(body).digest("hex")}` }),
    },
    body,
  });
  await response.body?.cancel();
  if (!response.ok) throw new UnavailableError(`${new URL(address).host} answered ${response.status}.`);
}

function webhookMessage(publicUrl: string, { id, at, weight, title, detail, link, ref }: Outgoing): object {
  return { id, at: at.toISOString(), weight, title, detail: detail ?? null, ref: ref ?? null, url: publicUrl + link };
}

const MARKS: Readonly<Record<Weight, string>> = { info: ":information_source:", important: ":warning:", urgent: ":rotating_light:" };

/** As Slack's incoming webhooks take it, and what imitates them. */
function slackMessage(publicUrl: string, { weight, title, detail, link }: Outgoing): object {
  const text = `${MARKS[weight]} *<${publicUrl}${link}|${escapeSlack(title)}>*${detail ? `\n${escapeSlack(detail)}` : ""}`;
  return { text: title, blocks: [{ type: "section", text: { type: "mrkdwn", text } }] };
}

function escapeSlack(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll("|", "/");
}
