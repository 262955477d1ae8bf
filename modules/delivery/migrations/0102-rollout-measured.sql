-- What AnalysisTemplates measured during a rollout, kept between looks.
alter table delivery.rollout add column measured jsonb;
