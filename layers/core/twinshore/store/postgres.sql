-- The Store on PostgreSQL 13 or later: one table, and one function that is one commit. Safe to run again.

create table if not exists items (
    partition text collate "C" not null,
    sort text collate "C" not null,
    version bigint not null,
    fields jsonb not null,
    due_queue text collate "C",
    due_at bigint,
    expires_at bigint,
    primary key (partition, sort)
) partition by hash (partition);

do $$
begin
    for n in 0..7 loop
        -- Room on each page: a balance that changes stays on its page, and its index entries as they are.
        execute format(
            'create table if not exists items_%s partition of items for values with (modulus 8, remainder %s)'
            ' with (fillfactor = 70)', n, n);
    end loop;
end $$;

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

-- changes: a JSON array of objects in key order:
--   i: place in the caller's order   k: create, replace, increment, delete or require   p, s: key
--   v: version asked for   f: fields   q, d: due   e: expires_at
--   n, b, l, h: field, by, and its bounds before adding   u: unless_due_by
-- outbox: a JSON array of {p, f, d}: events, of which the first with an id stays
-- Returns null when all is written, else [i, item as it is or null] of the first change, in the caller's order, whose
-- condition fails: then nothing is written.
--
-- New rows go in first, so that a busy row is locked for the shortest time. Then the rows that were there are locked and
-- looked at, in key order: commits that meet never wait for each other in a ring. Then these are written. When a
-- condition fails, only new rows of our own are to be taken back.
create or replace function commit_items(changes jsonb, outbox jsonb, moment bigint) returns jsonb
language plpgsql as $$
declare
    last_one int := jsonb_array_length(changes) - 1;
    remaining int := 0;
    done boolean[];    -- inserted
    stands boolean[];  -- a row, live or expired, was there when we locked it
    lives boolean[];
    told text[] := '{}';
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
        if not done[n] then
            remaining := remaining + 1;
        end if;
    end loop;
    for n in 0..coalesce(jsonb_array_length(outbox), 0) - 1 loop
        c := outbox -> n;
        insert into items values (c ->> 'p', 'event', 1, c -> 'f', 'outbox', (c ->> 'd')::bigint)
            on conflict do nothing;
        if found then
            told := told || (c ->> 'p');
        end if;
    end loop;

    for n in 0..last_one loop
        continue when done[n];
        c := changes -> n;
        kind := c ->> 'k';
        part := c ->> 'p';
        place := c ->> 's';
        if remaining = 1 and kind = 'increment' then
            -- The last condition is looked at and its row written in one go: that is most commits on a busy row.
            update items set version = version + 1, fields = jsonb_set(fields, array[c ->> 'n'],
                to_jsonb(coalesce((fields -> (c ->> 'n'))::bigint, 0) + (c -> 'b')::bigint))
                where partition = part and sort = place and (expires_at is null or expires_at > moment)
                and (due_at <= (c ->> 'u')::bigint) is not true
                and case jsonb_typeof(coalesce(fields -> (c ->> 'n'), '0'))
                    when 'number' then coalesce((fields -> (c ->> 'n'))::bigint, 0)
                        between (c -> 'l')::bigint and (c -> 'h')::bigint
                    else false end;
            if found then
                return null;
            end if;
        end if;
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
        delete from items where partition = any (told) and sort = 'event';
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
