-- Logins and customers whose data was erased.
create table {schema}.erased_people (
    id uuid primary key,
    at timestamptz not null default pg_catalog.now()
);

-- For triggers before an insert; the argument is the column with the person's ID. A fact that is told again, or a
-- token that has not ended yet, brings nothing back.
create function {schema}.skip_erased() returns trigger language plpgsql as $$
begin
    if exists (select from {schema}.erased_people where id = (to_jsonb(new) ->> tg_argv[0])::uuid) then
        return null;
    end if;
    return new;
end $$;
