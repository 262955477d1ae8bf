import { changeMerged } from "@roadbed/contracts/delivery/changes";
import { deviationChanged, deviationExpired } from "@roadbed/contracts/paths/deviations";
import { ledgerChanged } from "@roadbed/contracts/paths/ledger";
import { mendChanged } from "@roadbed/contracts/standards/mends";
import { stageSet } from "@roadbed/contracts/standards/stages";
import { waiverChanged } from "@roadbed/contracts/standards/waivers";

import { teller, type Teller } from "./teller.ts";

/** What is allowed, what was let off, and what went away from its golden path. */
export const STANDARDS_TELLERS: readonly Teller[] = [
  teller(stageSet, ({ policy, pack, action, from, removed }) => ({
    sort: "policy",
    text: removed
      ? `What was said of ${nameOf(policy, pack)} was taken back`
      : `From ${from.slice(0, 16).replace("T", " ")} on ${nameOf(policy, pack)} does this: ${action}`,
    ...(policy === undefined ? {} : { link: `/standards/policies/${policy}` }),
  })),
  teller(waiverChanged, ({ policy, entity, state, expiresAt }) => ({
    sort: "policy",
    text: `The waiver of ${policy} is ${state}${state === "approved" ? ` until ${expiresAt.slice(0, 10)}` : ""}`,
    ...(entity === undefined || entity === null ? {} : { about: { ref: entity } }),
    link: "/standards/waivers",
  })),
  teller(mendChanged, ({ ref, scorecard, rule, state }) => ({
    sort: "policy",
    text: `A change that mends ${scorecard}/${rule} is ${state}`,
    about: { ref },
    link: `/scorecards/${scorecard}`,
  })),
  teller(deviationChanged, ({ thing, repository, entityRef, status }) => ({
    sort: "policy",
    text: `A deviation of ${repository} from its golden path is ${status}`,
    about: entityRef === undefined ? { repository } : { ref: entityRef },
    link: `/ledger/${thing}`,
  })),
  teller(deviationExpired, ({ thing, repository, entityRef, files }) => ({
    sort: "policy",
    text: `A deviation of ${repository} came to its end: ${files} ${files === 1 ? "file is" : "files are"} drift now`,
    about: entityRef === undefined ? { repository } : { ref: entityRef },
    link: `/ledger/${thing}`,
  })),
  teller(ledgerChanged, ({ thing, path, repository, entityRef, drifted, gone, author }) => ({
    sort: "push",
    text: gone
      ? `${repository}, which ${path} made, is not there any more`
      : drifted === 0
        ? `${repository} is as its path ${path} makes it again`
        : `${drifted} ${drifted === 1 ? "file" : "files"} of ${repository} went away from ${path}${author === undefined ? "" : ` (${author})`}`,
    about: entityRef === undefined ? { repository } : { ref: entityRef },
    link: `/ledger/${thing}`,
  })),
  teller(changeMerged, ({ repository, commit }) => ({
    sort: "push",
    text: `A proposed change of ${repository} was merged (${commit.slice(0, 8)})`,
    about: { repository },
  })),
];

function nameOf(policy: string | undefined, pack: string | undefined): string {
  return policy === undefined ? `the pack ${pack ?? ""}` : `the policy ${policy}`;
}
