import { Button, Group } from "@mantine/core";
import { getRouteApi, Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

import { showPath, type PathDetail } from "@roadbed/contracts/paths";
import { useOperation } from "../../api/use-operation.ts";
import { formatCount } from "../../format/number.ts";
import { SchemaForm } from "../../schema-form/SchemaForm.tsx";
import { Loaded, SkeletonRows } from "../../ui/Loaded.tsx";
import { Page } from "../../ui/Page.tsx";
import classes from "./create.module.css";
import { PreviewStep } from "./PreviewStep.tsx";
import { Steps } from "./Steps.tsx";
import { usePathForm, type PathForm } from "./use-path-form.ts";

const route = getRouteApi("/app/create/$path");

/** A golden path: its pages, then the preview, then the run. */
export function FollowPathPage(): ReactNode {
  const { path } = route.useParams();
  const detail = useOperation(showPath, { path }, { staleTime: 5 * 60_000 });
  return (
    <Page
      title={detail.data?.title ?? "Create"}
      state={detail.data && <Promise detail={detail.data} />}
      trail={<Link to="/create">Create</Link>}
    >
      <Loaded query={detail} skeleton={<SkeletonRows rows={8} height={56} />}>
        {(known) => <Follow detail={known} />}
      </Loaded>
    </Page>
  );
}

/** What it is, and what one may count on. */
function Promise({
  detail: { description, guarantees, support, expectedMinutes, version, deprecation },
}: {
  readonly detail: PathDetail;
}): ReactNode {
  const words = [
    version === undefined ? undefined : `Version ${version}`,
    expectedMinutes === undefined ? undefined : `takes about ${formatCount(expectedMinutes, "minute")}`,
    support === undefined ? undefined : `support: ${support.replace(/\.$/, "")}`,
  ].filter((word) => word !== undefined);
  return (
    <>
      {description}
      {words.length > 0 && <span className="rb-dim"> {words.join("; ")}.</span>}
      {deprecation !== undefined && (
        <span data-state="warn">
          {" "}
          Deprecated from {deprecation.from}
          {deprecation.replacedBy !== undefined && `, replaced by ${deprecation.replacedBy}`}.
        </span>
      )}
      {guarantees.length > 0 && (
        <ul>
          {guarantees.map((guarantee) => (
            <li key={guarantee}>{guarantee}</li>
          ))}
        </ul>
      )}
    </>
  );
}

function Follow({ detail }: { readonly detail: PathDetail }): ReactNode {
  const { step = 0, entity } = route.useSearch();
  const navigate = route.useNavigate();
  const form = usePathForm(detail, boundOf(detail, entity));
  const last = detail.pages.length;
  const current = Math.min(Math.max(0, Math.trunc(step)), last);
  const go = (next: number): void =>
    void navigate({
      search: (old) => ({ ...(old.entity !== undefined && { entity: old.entity }), ...(next !== 0 && { step: next }) }),
      resetScroll: true,
    });
  return (
    <div className={classes.follow}>
      <Steps
        titles={[...detail.pages.map(({ title }) => title), "Preview"]}
        current={current}
        faulty={detail.pages.map((_, index) => form.faultyPages.has(index))}
        onGo={go}
      />
      <div className={classes.step}>
        {current < last ? (
          <FormStep
            detail={detail}
            index={current}
            form={form}
            onNext={() => go(current + 1)}
            onBack={current > 0 ? () => go(current - 1) : undefined}
          />
        ) : (
          <PreviewStep
            detail={detail}
            values={form.sendable}
            secrets={form.secrets}
            onBack={() => go(Math.max(0, last - 1))}
            onGo={go}
            pageOfField={form.pageOfField}
            onMade={form.forget}
          />
        )}
      </div>
    </div>
  );
}

/** The entity from whose page one came, as the answer that the path asks for it. */
function boundOf(detail: PathDetail, entity: string | undefined): Readonly<Record<string, string>> {
  return entity === undefined || detail.appliesTo === undefined ? {} : { [detail.appliesTo.parameter]: entity };
}

interface FormStepProps {
  readonly detail: PathDetail;
  readonly index: number;
  readonly form: PathForm;
  readonly onNext: () => void;
  readonly onBack: (() => void) | undefined;
}

function FormStep({ detail, index, form, onNext, onBack }: FormStepProps): ReactNode {
  const page = detail.pages[index];
  if (page === undefined) return null;
  const next = async (): Promise<void> => {
    form.touchPage(index);
    const problems = await form.checkNow();
    if (!problems.some(({ field }) => form.pageOfField(field) === index)) onNext();
  };
  return (
    <form
      noValidate
      className={classes.form}
      onSubmit={(event) => {
        event.preventDefault();
        void next();
      }}
      aria-label={page.title}
    >
      {page.description !== undefined && <p className="rb-dim">{page.description}</p>}
      <SchemaForm schema={page.schema} state={form.state} />
      <Group gap="xs" mt="lg">
        <Button type="submit" size="sm" loading={form.checking}>
          {index === detail.pages.length - 1 ? "Preview" : "Next"}
        </Button>
        {onBack !== undefined && (
          <Button variant="default" size="sm" onClick={onBack}>
            Back
          </Button>
        )}
        <Button variant="subtle" color="gray" size="sm" onClick={form.forget} ml="auto">
          Start over
        </Button>
      </Group>
    </form>
  );
}
