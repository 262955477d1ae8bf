import { Button, Select, TextInput, VisuallyHidden } from "@mantine/core";
import { Users } from "lucide-react";
import { useState, type ReactNode } from "react";

import { acceptIdentities, listIdentities, refuseIdentities, setIdentity, type Identity } from "@roadbed/contracts/catalog/proposals";
import { useAct, usePages } from "../../api/use-operation.ts";
import { LoadMore } from "../../table/LoadMore.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { EntityLink } from "../../ui/EntityLink.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { SkeletonRows } from "../../ui/Loaded.tsx";
import { Confidence } from "./Confidence.tsx";
import classes from "./discover.module.css";
import { percent } from "./words.ts";

const PAGE_SIZE = 100;

/** Who is which login: confirm, correct, refuse. Owners of open proposals follow at once. */
export function PeopleTab(): ReactNode {
  const [state, setState] = useState<Identity["state"] | undefined>();
  const [text, setText] = useState("");
  const list = usePages(listIdentities, { limit: PAGE_SIZE, ...(state !== undefined && { state }), ...(text !== "" && { text }) });
  const accept = useAct(acceptIdentities);
  const proposed = list.rows.filter((row) => row.state === "proposed");
  return (
    <>
      <p className={classes.lead}>
        Commits, CODEOWNERS and build files name logins; the catalogue has people. The same e-mail address is taken at once; everything else
        waits for you. Where two people are as likely, both are shown and none is chosen.
      </p>
      <div className={classes.filters}>
        <Select
          aria-label="State"
          placeholder="Every state"
          data={[
            { value: "proposed", label: "Proposed" },
            { value: "open", label: "Nobody clear" },
            { value: "accepted", label: "Confirmed" },
          ]}
          value={state ?? null}
          onChange={(value) => setState((value as Identity["state"] | null) ?? undefined)}
          clearable
          w={160}
        />
        <TextInput
          aria-label="Find"
          placeholder="Find a login or a name"
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          w={240}
        />
        {proposed.length > 0 && (
          <Button
            variant="default"
            loading={accept.isPending}
            onClick={() => accept.mutate({ logins: proposed.map(({ login }) => login) })}
          >
            Confirm the {proposed.length} proposed
          </Button>
        )}
      </div>
      {accept.error !== null && <ErrorState error={accept.error} />}
      {list.error !== null ? (
        <ErrorState error={list.error} retry={list.retry} />
      ) : list.pending ? (
        <SkeletonRows rows={6} height={44} />
      ) : list.rows.length === 0 ? (
        <EmptyState icon={Users} title="No logins">
          Logins appear when repositories with commits, a CODEOWNERS file or authors in their build files are read.
        </EmptyState>
      ) : (
        <>
          <table className={classes.table} aria-label="Logins">
            <thead>
              <tr>
                <th scope="col">Login</th>
                <th scope="col">Person</th>
                <th scope="col">Why</th>
                <th scope="col" className={classes.acts}>
                  <VisuallyHidden>Decide</VisuallyHidden>
                </th>
              </tr>
            </thead>
            <tbody>
              {list.rows.map((row) => (
                <Login key={row.login} of={row} />
              ))}
            </tbody>
          </table>
          <div className={classes.footer}>
            <LoadMore shown={list.rows.length} total={list.total} more={list.more} loading={list.loadingMore} />
          </div>
        </>
      )}
    </>
  );
}

function Login({ of }: { readonly of: Identity }): ReactNode {
  const accept = useAct(acceptIdentities);
  const refuse = useAct(refuseIdentities);
  const set = useAct(setIdentity);
  const [other, setOther] = useState("");
  const error = accept.error ?? refuse.error ?? set.error;
  const [sort, login] = [of.login.slice(0, of.login.indexOf(":")), of.login.slice(of.login.indexOf(":") + 1)];
  return (
    <tr>
      <td>
        <b>{login}</b>
        <div className={classes.under}>
          <span>{[sort, of.name].filter(Boolean).join(" · ")}</span>
          <span title={of.seenIn.join("\n")}>{of.seenIn.length === 1 ? of.seenIn[0] : `${of.seenIn.length} places`}</span>
        </div>
      </td>
      <td>
        {of.user !== undefined ? (
          <>
            <EntityLink entityRef={of.user} /> <Confidence of={of.confidence} />
          </>
        ) : of.candidates.length > 0 ? (
          <div className={classes.candidates}>
            {of.candidates.map(({ user, title, confidence, reason }) => (
              <Button
                key={user}
                size="compact-xs"
                variant="default"
                title={reason}
                loading={set.isPending}
                onClick={() => set.mutate({ login: of.login, user })}
              >
                {title ?? user} {percent(confidence)}
              </Button>
            ))}
          </div>
        ) : (
          <span className="rb-dim">nobody yet</span>
        )}
      </td>
      <td className={classes.why}>
        {of.reason}
        {error !== null && <ErrorState error={error} />}
      </td>
      <td className={classes.acts}>
        {of.state === "proposed" && (
          <Button size="compact-xs" loading={accept.isPending} onClick={() => accept.mutate({ logins: [of.login] })}>
            Confirm
          </Button>
        )}
        {of.user !== undefined && (
          <Button size="compact-xs" variant="default" loading={refuse.isPending} onClick={() => refuse.mutate({ logins: [of.login] })}>
            Not this person
          </Button>
        )}
        {of.user === undefined && (
          <form
            onSubmit={(event) => {
              event.preventDefault();
              set.mutate({ login: of.login, user: other.trim().includes(":") ? other.trim() : `user:default/${other.trim()}` });
            }}
          >
            <TextInput
              size="xs"
              aria-label={`Who ${login} is`}
              placeholder="user:default/ada"
              value={other}
              onChange={(event) => setOther(event.currentTarget.value)}
            />
          </form>
        )}
      </td>
    </tr>
  );
}
