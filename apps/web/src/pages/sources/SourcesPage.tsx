import { Button, Group } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { getRouteApi } from "@tanstack/react-router";
import { Cable, FolderInput } from "lucide-react";
import { useState, type ReactNode } from "react";

import { listSources, type Source } from "@roadbed/contracts/catalog";
import { usePages } from "../../api/use-operation.ts";
import { formatCount } from "../../format/number.ts";
import { LoadMore } from "../../table/LoadMore.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { LinkButton } from "../../ui/LinkButton.tsx";
import { SkeletonRows } from "../../ui/Loaded.tsx";
import { Page } from "../../ui/Page.tsx";
import { BringYours } from "./BringYours.tsx";
import { BringFile } from "./BringFile.tsx";
import { ConnectSystem } from "./ConnectSystem.tsx";
import { DescriptorCheck } from "./DescriptorCheck.tsx";
import { SourceTable } from "./SourceTable.tsx";
import classes from "./sources.module.css";
import { ThreeWays } from "./ThreeWays.tsx";

const route = getRouteApi("/app/sources");
const PAGE_SIZE = 100;
/** While an import runs its source shows how far it is. */
const WATCH_MS = 1_000;

/** Where the catalogue comes from, whether all of it could be read, and how to bring more. */
export function SourcesPage(): ReactNode {
  const [importing, setImporting] = useState(false);
  const sources = usePages(listSources, { limit: PAGE_SIZE }, { every: importing ? WATCH_MS : false });
  const [asked, form] = useDisclosure(false);
  const own = sources.rows.filter(({ sample }) => !sample);
  const nothing = !sources.pending && sources.error === null && own.length === 0;
  const bringing = asked || nothing;
  const { connect } = route.useSearch();
  const navigate = route.useNavigate();
  const choose = (kind: string): void => void navigate({ search: { connect: kind === "" ? "any" : kind } });
  return (
    <Page
      title="Sources"
      state={sources.pending ? "Reading…" : sentenceOf(sources.rows)}
      act={
        <Group gap="xs">
          {!bringing && (
            <LinkButton to="/discover" variant="default">
              Discover
            </LinkButton>
          )}
          {connect === undefined && (
            <Button variant="default" leftSection={<Cable size={15} aria-hidden />} onClick={() => choose("")}>
              Connect a system
            </Button>
          )}
          {!bringing && (
            <Button leftSection={<FolderInput size={15} aria-hidden />} onClick={form.open}>
              Bring yours
            </Button>
          )}
        </Group>
      }
    >
      {nothing && <ThreeWays />}
      {connect !== undefined && <ConnectSystem kind={connect === "any" ? undefined : connect} onKind={(kind) => choose(kind ?? "")} />}
      {bringing && <BringYours onClose={nothing ? undefined : form.close} onBusy={setImporting} onDone={form.open} />}
      {sources.error !== null && sources.rows.length === 0 ? (
        <ErrorState error={sources.error} retry={sources.retry} />
      ) : sources.pending ? (
        <SkeletonRows rows={5} height={38} />
      ) : (
        sources.rows.length > 0 && (
          <div className={connect !== undefined || bringing ? classes.below : undefined}>
            <SourceTable
              sources={sources.rows}
              footer={<LoadMore shown={sources.rows.length} total={sources.total} more={sources.more} loading={sources.loadingMore} />}
            />
          </div>
        )
      )}
      <BringFile />
      <DescriptorCheck />
    </Page>
  );
}

/** `3 sources; all of what they hold was read.` */
function sentenceOf(sources: readonly Source[]): string {
  if (sources.length === 0) return "The catalogue is read from sources. There is none yet.";
  const asking = sources.filter(({ state }) => state === "held");
  if (asking.length > 0)
    return `${asking.map(({ name }) => name).join(", ")} ${asking.length === 1 ? "asks" : "ask"} for a decision: a run would remove too much.`;
  const bad = sources.filter(({ state }) => state === "failed" || state === "partial");
  const problems = sources.reduce((total, source) => total + source.problems, 0);
  const [only] = bad;
  const told =
    only === undefined
      ? "all of what they hold was read"
      : bad.length === 1
        ? `${only.name} ${only.state === "failed" ? "could not be read" : `has ${formatCount(problems, "problem")}`}`
        : `${bad.length} of them have ${formatCount(problems, "problem")}`;
  return `${formatCount(sources.length, "source")}; ${sources.length === 1 && only === undefined ? "all of it was read" : told}.`;
}
