import { Button, Menu } from "@mantine/core";
import { ChevronDown, ExternalLink } from "lucide-react";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

import { linksOfAnnotations } from "@roadbed/contracts/catalog/annotations";
import { listPaths } from "@roadbed/contracts/paths";
import { useOperation } from "../../api/use-operation.ts";
import { LinkButton } from "../../ui/LinkButton.tsx";
import { CopyText } from "../../ui/Copy.tsx";
import { Follow } from "./Follow.tsx";
import type { KnownEntity } from "./use-entity.ts";

/** The golden paths that change or end this very thing, as far as their condition holds. */
function DayTwo({ entityRef }: { readonly entityRef: string }): ReactNode {
  const { data } = useOperation(listPaths, { entityRef, limit: 50 }, { staleTime: 60_000 });
  if (data === undefined || data.items.length === 0) return null;
  return (
    <Menu position="bottom-end" shadow="md">
      <Menu.Target>
        <Button variant="default" rightSection={<ChevronDown size={14} aria-hidden />}>
          Do
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {data.items.map(({ name, title, description, operation }) => (
          <Menu.Item
            key={name}
            title={description}
            {...(operation === "delete" && { color: "red" })}
            component={Link}
            to="/create/$path"
            params={{ path: name } as never}
            search={{ entity: entityRef } as never}
          >
            {title}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

/** The links of the descriptor, then where its well-known annotations lead. */
function linksOf({ metadata }: KnownEntity["entity"]): readonly { readonly url: string; readonly title?: string | undefined }[] {
  const own = metadata.links?.filter(({ url }) => /^https?:/.test(url)) ?? [];
  const known = linksOfAnnotations(metadata.annotations).flatMap(({ url, title }) => (url === undefined ? [] : [{ url, title }]));
  return [...own, ...known.filter(({ url }) => !own.some((link) => link.url === url))];
}

/** Follow it, open it, clone it, go where its links lead. */
export function EntityActs({ known }: { readonly known: KnownEntity }): ReactNode {
  const { workloads, repository, entity, view, ref } = known;
  const running = workloads.find(({ url }) => url !== undefined);
  const links = linksOf(entity);
  return (
    <>
      <Follow entityRef={known.ref} />
      {repository !== undefined && <CopyText text={`git clone ${repository.cloneUrl}`} what="clone command" />}
      {(entity.kind === "Group" || entity.kind === "User") && (
        <LinkButton
          to="/ownership"
          search={{ view: "owned", ref, ...(entity.kind === "Group" && { within: true as const }) }}
          variant="default"
        >
          What is theirs
        </LinkButton>
      )}
      {view.provenance.location.startsWith("inline:") && entity.kind !== "Kind" && (
        <LinkButton to="/save" search={{ ref }} variant="default">
          Change
        </LinkButton>
      )}
      {entity.kind === "Kind" && (
        <LinkButton to="/kinds/$name" params={{ name: entity.metadata.name }} variant="default">
          Open the editor
        </LinkButton>
      )}
      {known.asOf === undefined && <DayTwo entityRef={ref} />}
      {links.length > 0 && (
        <Menu position="bottom-end" shadow="md">
          <Menu.Target>
            <Button variant="default" rightSection={<ChevronDown size={14} aria-hidden />}>
              Links
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            {links.map(({ url, title }) => (
              <Menu.Item
                key={url}
                component="a"
                href={url}
                target="_blank"
                rel="noreferrer"
                rightSection={<ExternalLink size={13} aria-hidden />}
              >
                {title ?? url}
              </Menu.Item>
            ))}
          </Menu.Dropdown>
        </Menu>
      )}
      {running?.url !== undefined && running.health !== "failed" && (
        <Button component="a" href={running.url} target="_blank" rel="noreferrer" rightSection={<ExternalLink size={14} aria-hidden />}>
          Open
        </Button>
      )}
    </>
  );
}
