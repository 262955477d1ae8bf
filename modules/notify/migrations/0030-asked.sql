-- People are also told because they are asked to decide, and because they asked for something.
alter table notify.notice drop constraint notice_because_check;
alter table notify.notice add constraint notice_because_check check (because in ('follow', 'own', 'depend', 'asked', 'asker'));
