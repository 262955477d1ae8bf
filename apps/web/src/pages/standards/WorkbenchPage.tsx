import { Button, Group } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useRef, useState, type ReactNode } from "react";

import type { Finding } from "@roadbed/contracts/standards";
import { backtestPolicy, testPolicy, tryPolicy } from "@roadbed/contracts/standards/workbench";
import { completePolicy } from "@roadbed/contracts/standards/writing";
import { client } from "../../api/client.ts";
import { useAct, useOperation } from "../../api/use-operation.ts";
import { formatCount } from "../../format/number.ts";
import { CodeEditor, type CodeEditorHandle } from "../../ui/code-editor/CodeEditor.tsx";
import type { Suggest } from "../../ui/code-editor/editor-types.ts";
import { EntityLink } from "../../ui/EntityLink.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { Page, Section } from "../../ui/Page.tsx";
import { StateBadge } from "../../ui/StateBadge.tsx";
import { EntitySelect } from "../graph/EntitySelect.tsx";
import { NewPolicy } from "./NewPolicy.tsx";
import { PastView } from "./PastView.tsx";
import { SEVERITY_WORDS, VERDICT_WORDS } from "./policy-words.ts";
import classes from "./standards.module.css";
import { readGiven } from "./workbench-text.ts";

const route = getRouteApi("/app/standards/workbench");

/** Write a policy, ask it about something, and see what it would find before it is in force. */
export function WorkbenchPage(): ReactNode {
  const [text, setText] = useState(EXAMPLE);
  const asking = route.useSearch().new === true;
  const navigate = route.useNavigate();
  const [entity, setEntity] = useState<string | undefined>();
  const [manifest, setManifest] = useState("");
  const [tests, setTests] = useState("");
  const area = useRef<CodeEditorHandle>(null);
  const attempt = useAct(tryPolicy, { touches: [] });
  const backtest = useAct(backtestPolicy, { touches: [] });
  const tested = useAct(testPolicy, { touches: [] });
  const checked = useProblems(text);
  const problems = checked.data?.problems ?? [];
  const error = attempt.error ?? backtest.error ?? tested.error;

  const ask = (): void => {
    backtest.reset();
    tested.reset();
    attempt.mutate({ text, ...readGiven(manifest), ...(entity !== undefined && { entity }) });
  };
  return (
    <Page
      title="Policy workbench"
      trail={<Link to="/standards">Policies</Link>}
      state="Nothing is stored here: try a rule until it says what you mean, then see what it would find today."
      act={
        <Button variant="default" onClick={() => void navigate({ search: { new: true } })}>
          New policy…
        </Button>
      }
    >
      {asking && (
        <NewPolicy
          onDone={(written) => {
            setText(written.text);
            setTests(written.tests);
            void navigate({ search: {}, replace: true });
          }}
          onClose={() => void navigate({ search: {}, replace: true })}
        />
      )}
      <div className={classes.bench}>
        <div>
          <CodeEditor
            ref={area}
            label="Policy"
            description="As its file says it; bindings and parameters may follow after ---."
            value={text}
            onChange={setText}
            problems={problems}
            suggest={suggest}
            minLines={26}
            maxLines={44}
          />
          {problems.length > 0 && (
            <ul className={classes.problems} aria-label="What is wrong with the text">
              {problems.map(({ line, column, reason, mend }, index) => (
                <li key={index}>
                  <button type="button" onClick={() => area.current?.show(line, column)}>
                    Line {line}
                  </button>{" "}
                  {reason} {mend !== undefined && <span className="rb-dim">{mend}</span>}
                </li>
              ))}
            </ul>
          )}
        </div>
        <div>
          <EntitySelect
            label="A thing of the catalogue"
            placeholder="Its name"
            width="100%"
            value={entity}
            onChange={setEntity}
            visibleLabel
          />
          <div className={classes.given}>
            <CodeEditor
              label="Or a manifest, or a Terraform plan"
              description="As YAML or JSON, one after another; or what terraform show -json says."
              value={manifest}
              onChange={setManifest}
              minLines={4}
              maxLines={14}
            />
          </div>
          <Group gap="xs" mt="sm">
            <Button onClick={ask} loading={attempt.isPending} disabled={text.trim() === ""}>
              Ask it
            </Button>
            <Button
              variant="default"
              onClick={() => {
                attempt.reset();
                tested.reset();
                backtest.mutate({ text });
              }}
              loading={backtest.isPending}
              disabled={text.trim() === ""}
            >
              What would have changed?
            </Button>
          </Group>
          <div className={classes.given}>
            <CodeEditor
              label="Its test file"
              description="Objects, how each is changed, and what the policy must say of it."
              placeholder={TESTS_EXAMPLE}
              value={tests}
              onChange={setTests}
              minLines={6}
              maxLines={18}
            />
          </div>
          <Group gap="xs" mt="sm">
            <Button
              variant="default"
              onClick={() => {
                attempt.reset();
                backtest.reset();
                tested.mutate({ text, tests });
              }}
              loading={tested.isPending}
              disabled={text.trim() === "" || tests.trim() === ""}
            >
              Run the tests
            </Button>
          </Group>
          {error !== null && <ErrorState error={error} />}
          {tested.data !== undefined && (
            <Section title="Tests">
              <p>
                {formatCount(tested.data.passed, "case")} as expected, {tested.data.failed} not.
              </p>
              <ul className={classes.findings} aria-label="Cases">
                {tested.data.cases.map(({ name, expected, found, passed, messages, missing }, index) => (
                  <li key={index} className={classes.finding} data-severity={passed ? "audit" : "deny"}>
                    <b>{name}</b>
                    <p className="rb-dim">
                      {passed ? `${expected}, as expected` : `expected ${expected}, found ${found}`}
                      {missing !== undefined && `; no message holds “${missing}”`}
                      {!passed && messages.length > 0 && `: ${messages.join(" ")}`}
                    </p>
                  </li>
                ))}
              </ul>
            </Section>
          )}
          {attempt.data !== undefined && (
            <Section title="It says">
              <p>
                <StateBadge plain word={attempt.data.verdict} label={VERDICT_WORDS[attempt.data.verdict]} />{" "}
                <span className="rb-dim">
                  {attempt.data.evaluated === 0
                    ? "It looks at nothing of what you gave it."
                    : `asked ${formatCount(attempt.data.evaluated, "time")}`}
                </span>
              </p>
              <Findings findings={attempt.data.findings} />
            </Section>
          )}
          {backtest.data !== undefined && (
            <Section title="On today's catalogue">
              <p>
                {formatCount(backtest.data.found, "thing")} of {backtest.data.looked.toLocaleString("en")} would be found
                {!backtest.data.complete && " (there are more than were looked at)"}; {backtest.data.newly} that are not found now,{" "}
                {backtest.data.noLonger} no longer.
              </p>
              {backtest.data.teams.length > 0 && (
                <table className={classes.teams}>
                  <thead>
                    <tr>
                      <th>Team</th>
                      <th>Found</th>
                      <th>New</th>
                      <th>No longer</th>
                    </tr>
                  </thead>
                  <tbody>
                    {backtest.data.teams.map(({ name, found, newly, noLonger }) => (
                      <tr key={name}>
                        <td>{name === "" ? <span className="rb-dim">owned by nobody</span> : <EntityLink entityRef={name} />}</td>
                        <td>{found}</td>
                        <td>{newly}</td>
                        <td>{noLonger}</td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              )}
              <Findings findings={backtest.data.examples.slice(0, 10)} />
            </Section>
          )}
          {backtest.data?.past !== undefined && <PastView past={backtest.data.past} />}
        </div>
      </div>
    </Page>
  );
}

const PAUSE_MS = 500;

/** What is wrong with the text, asked of the server when the writing pauses. The last answer stays until there is another. */
function useProblems(text: string) {
  const [settled] = useDebouncedValue(text, PAUSE_MS);
  return useOperation(tryPolicy, { text: settled }, { enabled: settled.trim() !== "", keep: true });
}

/** Asked of the server, which knows the fields of the kinds that the policy looks at. What cannot be asked offers nothing. */
const suggest: Suggest = async ({ text, line, column, signal }) => {
  try {
    return await client.call(completePolicy, { text, line, column }, { signal });
  } catch {
    return undefined;
  }
};

const TESTS_EXAMPLE = `policy: services-have-links
objects:
  shop: { apiVersion: backstage.io/v1alpha1, kind: Component, metadata: { name: shop }, spec: { type: service } }
cases:
  - { name: no links, of: shop, expect: warn }
`;

function Findings({ findings }: { readonly findings: readonly Finding[] }): ReactNode {
  return (
    <ul className={classes.findings} aria-label="What it finds">
      {findings.map(({ severity, resource, message, mend, entity }, index) => (
        <li key={index} className={classes.finding} data-severity={severity}>
          <b>{message}</b>
          <p className="rb-dim">
            {entity === undefined ? resource : <EntityLink entityRef={entity} />} · {SEVERITY_WORDS[severity]} · {mend}
          </p>
        </li>
      ))}
    </ul>
  );
}

const EXAMPLE = `apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata:
  name: services-have-links
  annotations:
    roadbed.dev/version: "1.0.0"
    roadbed.dev/severity: warn
    roadbed.dev/title: Services link to their dashboard
    roadbed.dev/why: Whoever is called at night should not have to search.
    roadbed.dev/mend: Add the dashboard under metadata.links.
spec:
  matchConstraints:
    resourceRules:
      - apiGroups: ["backstage.io"]
        apiVersions: ["*"]
        operations: ["CREATE", "UPDATE"]
        resources: ["components"]
  matchConditions:
    - name: is-a-service
      expression: object.spec.?type.orValue('') == 'service'
  validations:
    - expression: object.metadata.?links.orValue([]).size() > 0
      messageExpression: "'Nothing links to the dashboard of ' + object.metadata.name + '.'"
      message: Nothing links to its dashboard.
`;
