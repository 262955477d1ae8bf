-- Policies are asked at five points.
alter table standards.decision drop constraint decision_moment_check;
alter table standards.decision
  add constraint decision_moment_check check (moment in ('provision', 'pull-request', 'promotion', 'audit', 'scorecard'));
