-- The Store on PostgreSQL 13 or later: one table, and one function that is one commit. Safe to run again.

-- Room on each page: a balance that changes stays on its page, and its index entries as they are.
create table if not exists items (
    partition text collate "C" not null,
    sort text collate "C" not null,
    version bigint not null,
    fields jsonb not null,
    due_queue text collate "C",
    due_at bigint,
    expires_at bigint,
    primary key (partition, sort)
) with (fillfactor = 70);

-- Looked for first: "if not exists" would lock the table before it looks, and all writers wait behind that.
do $$
begin
    if to_regclass('items_due') is null then
        create index items_due on items (due_queue, due_at) where due_queue is not null;
    end if;
    if to_regclass('items_expiry') is null then
        create index items_expiry on items (expires_at) where expires_at is not null;
    end if;
end $$;

-- made: a JSON array of items to be created, in key order: p, s, f, q, d, e as below, and i but for events, of which the
--   first with an id stays. Null if there are none.
-- changes: a JSON array of what else is to be done, in key order. Null if there is nothing else.
--   i: place in the caller's order   k: create, replace, increment, delete or require   p, s: key
--   v: version asked for   f: fields   q, d: due   e: expires_at
--   n, b, l, h: field, by, and its bounds before adding   u: unless_due_by
-- Returns null when all is written, else [i, item as it is or null] of the first change, in the caller's order, whose
-- condition fails: then nothing is written.
--
-- New rows go in first, so that a busy row is locked for the shortest time. Then the rows that were there are locked and
-- looked at, in key order: commits that meet never wait for each other in a ring. Then these are written. When a
-- condition fails, only new rows of our own are to be taken back. Nearly every commit ends with its first two statements:
-- each expression of a function costs its preparation, once in each transaction.
create or replace function commit_items(made jsonb, changes jsonb, moment bigint) returns jsonb
language plpgsql as $$
declare
    count_made int;
    last_one int;
    done boolean[];    -- inserted
    stands boolean[];  -- a row, live or expired, was there when we locked it
    lives boolean[];
    c jsonb;
    kind text;
    part text;
    place text;
    r items;
    alive boolean;
    holds boolean;
    number jsonb;
    failed int;
    found_there jsonb;
begin
    if made is not null then
        insert into items select m ->> 'p', m ->> 's', 1, m -> 'f', m ->> 'q', (m ->> 'd')::bigint, (m ->> 'e')::bigint
            from jsonb_array_elements(made) m on conflict do nothing;
        get diagnostics count_made = row_count;
        if count_made < jsonb_array_length(made) then
            -- One was there. All of it again, with the creates among the changes, where what is there is looked at.
            delete from items using jsonb_array_elements(made) m
                where partition = m ->> 'p' and sort = m ->> 's' and xmin = pg_current_xact_id()::xid;
            select jsonb_agg(each order by each ->> 'p' collate "C", each ->> 's' collate "C") into changes from (
                select m || '{"k": "create"}' as each from jsonb_array_elements(made) m where m ? 'i'
                union all select jsonb_array_elements(changes)) every;
            insert into items select m ->> 'p', m ->> 's', 1, m -> 'f', m ->> 'q', (m ->> 'd')::bigint
                from jsonb_array_elements(made) m where not m ? 'i' on conflict do nothing;
        end if;
    end if;
    if changes is null then
        return null;
    end if;
    if jsonb_array_length(changes) = 1 and changes -> 0 ->> 'k' = 'increment' then
        -- The condition is looked at and the row written in one go: that is most commits on a busy row.
        c := changes -> 0;
        update items set version = version + 1, fields = jsonb_set(fields, array[c ->> 'n'],
            to_jsonb(coalesce((fields -> (c ->> 'n'))::bigint, 0) + (c -> 'b')::bigint))
            where partition = c ->> 'p' and sort = c ->> 's' and (expires_at is null or expires_at > moment)
            and (due_at <= (c ->> 'u')::bigint) is not true
            and case jsonb_typeof(coalesce(fields -> (c ->> 'n'), '0'))
                when 'number' then coalesce((fields -> (c ->> 'n'))::bigint, 0)
                    between (c -> 'l')::bigint and (c -> 'h')::bigint
                else false end;
        if found then
            return null;
        end if;
    end if;
    last_one := jsonb_array_length(changes) - 1;
    for n in 0..last_one loop
        c := changes -> n;
        kind := c ->> 'k';
        done[n] := false;
        if kind = 'create' then
            insert into items values (c ->> 'p', c ->> 's', 1, c -> 'f', c ->> 'q', (c ->> 'd')::bigint,
                (c ->> 'e')::bigint) on conflict do nothing;
            done[n] := found;
        elsif kind = 'require' and (c -> 'v')::bigint = 0 then
            -- Nothing to lock: a row made and unmade keeps everyone else from making it until we are done.
            insert into items values (c ->> 'p', c ->> 's', 0, '{}') on conflict do nothing;
            done[n] := found;
            if found then
                delete from items where partition = c ->> 'p' and sort = c ->> 's';
            end if;
        end if;
    end loop;
    for n in 0..last_one loop
        continue when done[n];
        c := changes -> n;
        kind := c ->> 'k';
        part := c ->> 'p';
        place := c ->> 's';
        if kind = 'require' then
            select * into r from items where partition = part and sort = place for share;
        else
            select * into r from items where partition = part and sort = place for update;
        end if;
        stands[n] := found;
        alive := found and (r.expires_at is null or r.expires_at > moment);
        lives[n] := alive;
        if kind = 'increment' then
            number := case when alive then coalesce(r.fields -> (c ->> 'n'), '0') else '0' end;
            holds := jsonb_typeof(number) = 'number'
                and number::bigint between (c -> 'l')::bigint and (c -> 'h')::bigint
                and not (alive and (r.due_at <= (c ->> 'u')::bigint) is true);
        elsif kind = 'create' or (c -> 'v')::bigint = 0 then
            holds := not alive;
        else
            holds := alive and ((c -> 'v') is null or r.version = (c -> 'v')::bigint);
        end if;
        if not holds and (failed is null or (c -> 'i')::int < failed) then
            failed := c -> 'i';
            found_there := case when alive then to_jsonb(r) end;
        end if;
    end loop;

    if failed is not null then
        for n in 0..last_one loop
            if done[n] then
                delete from items where partition = changes -> n ->> 'p' and sort = changes -> n ->> 's';
            end if;
        end loop;
        if made is not null then
            delete from items using jsonb_array_elements(made) m
                where partition = m ->> 'p' and sort = m ->> 's' and xmin = pg_current_xact_id()::xid;
        end if;
        return jsonb_build_array(failed, found_there);
    end if;

    for n in 0..last_one loop
        continue when done[n];
        c := changes -> n;
        kind := c ->> 'k';
        part := c ->> 'p';
        place := c ->> 's';
        if kind = 'delete' then
            delete from items where partition = part and sort = place;
        elsif kind = 'increment' and lives[n] then
            update items set version = version + 1, fields = jsonb_set(fields, array[c ->> 'n'],
                to_jsonb(coalesce((fields -> (c ->> 'n'))::bigint, 0) + (c -> 'b')::bigint))
                where partition = part and sort = place;
        elsif kind <> 'require' then
            if kind = 'increment' then
                c := c || jsonb_build_object('f', jsonb_build_object(c ->> 'n', c -> 'b'));
            end if;
            if stands[n] then
                update items set version = coalesce((c -> 'v')::bigint, 0) + 1, fields = c -> 'f', due_queue = c ->> 'q',
                    due_at = (c ->> 'd')::bigint, expires_at = (c ->> 'e')::bigint
                    where partition = part and sort = place;
            else
                insert into items values (part, place, 1, c -> 'f', c ->> 'q', (c ->> 'd')::bigint,
                    (c ->> 'e')::bigint) on conflict do nothing;
                if not found then  -- made since we looked: all of it again
                    raise exception 'made meanwhile' using errcode = '40001';
                end if;
            end if;
        end if;
    end loop;
    return null;
end $$;

-- What stands here, for code that needs it (store/schema.py): raised with every change above. An older release that is
-- deployed again leaves a newer number as it is.
do $$
declare
    stands int := 0;
begin
    if to_regprocedure('items_schema()') is not null then
        execute 'select items_schema()' into stands;
    end if;
    if stands < 1 then
        execute 'create or replace function items_schema() returns int language sql immutable as $sql$ select 1 $sql$';
    end if;
end $$;
