/** The five answers of DORA's quick check: three choices from 1 to 6, and two shares of deployments in percent. */
export interface QuickCheckAnswers {
  readonly leadTime: number;
  readonly deploymentFrequency: number;
  readonly recovery: number;
  readonly failRate: number;
  readonly reworkRate: number;
}

/** Each from 0 to 10, more is better. */
export interface QuickCheckScore {
  readonly overall: number;
  readonly throughput: number;
  readonly stability: number;
}

/** How DORA scores its quick check (2026-04-22): choices are spread from 0 to 10, shares are turned round. */
export function scoreQuickCheck(answers: QuickCheckAnswers): QuickCheckScore {
  const choice = (value: number): number => ((value - 1) / 5) * 10;
  const share = (percent: number): number => (100 - percent) / 10;
  return scoreOf({
    leadTime: choice(answers.leadTime),
    deploymentFrequency: choice(answers.deploymentFrequency),
    recovery: choice(answers.recovery),
    failRate: share(answers.failRate),
    reworkRate: share(answers.reworkRate),
  });
}

/** The score of means from 0 to 10 as DORA publishes them: fail rate and rework are published as they are, more is worse. */
export function scorePublished(means: QuickCheckAnswers): QuickCheckScore {
  return scoreOf({ ...means, failRate: 10 - means.failRate, reworkRate: 10 - means.reworkRate });
}

function scoreOf({ leadTime, deploymentFrequency, recovery, failRate, reworkRate }: QuickCheckAnswers): QuickCheckScore {
  return {
    overall: mean([leadTime, deploymentFrequency, recovery, failRate, reworkRate]),
    throughput: mean([leadTime, deploymentFrequency, recovery]),
    stability: mean([failRate, reworkRate]),
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
