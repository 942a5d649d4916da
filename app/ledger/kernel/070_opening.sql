-- 建库: a legal body with its departments, lines, people and leaders enters as an opening balance.
-- The approval rests on the batch's hash; people are set-based, the entries equal those of single calls.

-- 分配: so many of a line's seats are meant for a department; the lowest not yet allotted. Never more than there are.
CREATE OR REPLACE FUNCTION k_allot(p_case bigint, p_line bigint, p_department bigint, p_number int, p_on date) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE l quota_line; v_numbers text; v_count int;
BEGIN
  SELECT * INTO l FROM quota_line WHERE id = p_line;
  WITH meant AS (UPDATE post SET department_id = p_department WHERE id IN (SELECT id FROM post WHERE line_id = p_line
    AND department_id IS NULL AND NOT surplus AND status <> 'abolished' ORDER BY number LIMIT p_number) RETURNING number)
  SELECT string_agg(number::text, ',' ORDER BY number), count(*) INTO v_numbers, v_count FROM meant;
  IF v_count < p_number THEN
    PERFORM refuse('quota_exhausted', jsonb_build_object('line', p_line, 'authorised', v_count, 'occupied', 0, 'reserved', 0));
  END IF;
  PERFORM chain_append('unit', l.unit_id, 'seats.allotted', p_on, clock_timestamp(), p_case,
    jsonb_build_object('line', p_line, 'department', p_department, 'seats', v_numbers), l.scope_path);
END $$;

-- Bulk people of one unit: each sits on the next free seat of the line; beyond the quota on surplus seats.
-- Every look-up goes by its index, whatever the planner believes of a table that grows with each body.
CREATE OR REPLACE FUNCTION k_open_people(p_case bigint, p_unit bigint, p_people jsonb) RETURNS int
LANGUAGE plpgsql SET search_path = public, pg_temp SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
  v_now timestamptz; v_actor text := kernel_actor(); v_head ledger_chain; e record; v_count int; v_duplicate text;
  v_scope text; v_seat text; v_first text; v_hash text; v_second text;
BEGIN
  SELECT scope_path INTO v_scope FROM unit WHERE id = p_unit;
  PERFORM 1 FROM ledger_total t JOIN quota_line l ON l.id = t.line_id WHERE l.unit_id = p_unit ORDER BY line_id FOR UPDATE OF t;
  v_now := clock_timestamp();
  -- A table of that name made by the caller, with triggers of his, is not ours to drop: the call ends there.
  IF to_regclass('pg_temp.opening') IS NOT NULL THEN DROP TABLE pg_temp.opening; END IF;
  -- Vacant seats first, in their order; then surplus seats beyond the last number. Whoever left before, or was known
  -- as somebody else's leader only, is taken up under the same row.
  CREATE TEMP TABLE opening ON COMMIT DROP AS
  WITH seats AS (
    SELECT l.id AS line, l.category, array_agg(p.id ORDER BY p.number) FILTER (WHERE p.status = 'vacant') AS posts,
      count(*) FILTER (WHERE p.status = 'vacant') AS vacant, coalesce(max(p.number), 0) AS last
    FROM quota_line l LEFT JOIN post p ON p.line_id = l.id WHERE l.unit_id = p_unit AND l.kind = 'establishment' GROUP BY l.id)
  SELECT x.n, x.f, coalesce(p.id, nextval('person_id_seq')) AS person, p.state AS known, s.line, s.category,
    coalesce(s.posts[x.k], nextval('post_id_seq')) AS post, x.k > s.vacant AS surplus, s.last + x.k - s.vacant AS number,
    nextval('occupancy_id_seq') AS occupancy, (x.f ->> 'start')::date AS started_on, (x.f ->> 'department')::bigint AS department,
    u.scope_path AS scope
  FROM (SELECT f, n, (f ->> 'line')::bigint AS line, row_number() OVER (PARTITION BY f ->> 'line' ORDER BY n) AS k
    FROM jsonb_array_elements(p_people) WITH ORDINALITY j(f, n) ORDER BY n) x
  LEFT JOIN LATERAL (SELECT id, state FROM person WHERE id_index = current_index(decode(x.f ->> 'person_index', 'hex')) LIMIT 1) p ON true
  LEFT JOIN seats s ON s.line = x.line
  LEFT JOIN LATERAL (SELECT scope_path FROM unit WHERE id = coalesce((x.f ->> 'department')::bigint, p_unit)
    AND legal_id = p_unit LIMIT 1) u ON true;
  SELECT person::text INTO v_duplicate FROM opening WHERE known = 'serving' LIMIT 1;
  IF FOUND THEN PERFORM refuse('duplicate_person', jsonb_build_object('person', v_duplicate)); END IF;
  IF EXISTS (SELECT 1 FROM opening WHERE line IS NULL) THEN PERFORM refuse('wrong_category'); END IF;
  IF EXISTS (SELECT 1 FROM opening WHERE started_on > kernel_today()) THEN PERFORM refuse('future_effect'); END IF;
  IF EXISTS (SELECT 1 FROM opening WHERE scope IS NULL) THEN PERFORM refuse('not_found'); END IF;
  PERFORM k_committed(f) FROM opening WHERE known IS NULL;
  UPDATE post p SET status = 'occupied' FROM opening o WHERE p.id = o.post AND NOT o.surplus;
  INSERT INTO post (id, line_id, unit_id, number, status, surplus, created_on, scope_path) OVERRIDING SYSTEM VALUE
  SELECT post, line, p_unit, number, 'occupied', true, started_on, v_scope FROM opening WHERE surplus ORDER BY n;
  INSERT INTO person SELECT (r.p).* FROM (
    SELECT k_person_row(f || jsonb_build_object('id', person, 'state', 'serving', 'personnel_class', k_personnel_class(category)),
      scope, p_unit, department) AS p FROM opening WHERE known IS NULL ORDER BY n) r;
  UPDATE person p SET unit_id = p_unit, department_id = o.department, state = 'serving', scope_path = o.scope,
    personnel_class = k_personnel_class(o.category) FROM opening o WHERE p.id = o.person AND o.known IS NOT NULL;
  INSERT INTO occupancy (id, person_id, person_name, post_id, line_id, unit_id, department_id, kind, main, nature,
    started_on, entry_way, entry_case_id, recorded_at, scope_path)
  OVERRIDING SYSTEM VALUE
  SELECT occupancy, person, p.name, post, line, p_unit, department, 'establishment', true, 'regular',
    started_on, f ->> 'entry_way', p_case, v_now, scope FROM opening JOIN person p ON p.id = person ORDER BY n;
  UPDATE ledger_total t SET occupied = t.occupied + c.n FROM (SELECT line, count(*) n FROM opening GROUP BY line) c
   WHERE c.line = t.line_id;
  -- The unit's chain: one entry a person, each on the one before. The person's: two, the second on the first; a known
  -- person's goes on.
  SELECT * INTO v_head FROM ledger_chain WHERE chain_kind = 'unit' AND chain_id = p_unit FOR UPDATE;
  FOR e IN SELECT o.*, p AS row, canonical(k_occupied_fields(c, s, p_case)) AS payload FROM opening o
      JOIN occupancy c ON c.id = o.occupancy JOIN post s ON s.id = o.post JOIN person p ON p.id = o.person ORDER BY o.n LOOP
    v_seat := entry_hash(1, 'unit:' || p_unit, v_head.sequence + 1, 'seat.occupied', e.started_on, v_now, p_case, v_actor,
      e.payload, v_head.hash);
    INSERT INTO ledger_entry (chain_kind, chain_id, sequence, format, type, effective_on, recorded_at, payload, case_id,
      actor, prev_hash, hash, scope_path)
    VALUES ('unit', p_unit, v_head.sequence + 1, 1, 'seat.occupied', e.started_on, v_now, e.payload, p_case, v_actor,
      v_head.hash, v_seat, v_scope);
    v_head.sequence := v_head.sequence + 1; v_head.hash := v_seat;
    IF e.known IS NOT NULL THEN
      PERFORM chain_append('person', e.person, 'seat.occupied', e.started_on, v_now, p_case, e.payload::jsonb, e.scope);
    ELSE
      v_first := canonical(k_registered_fields(e.row, e.f));
      v_hash := entry_hash(1, 'person:' || e.person, 1, 'person.registered', e.started_on, v_now, p_case, v_actor, v_first, '');
      v_second := entry_hash(1, 'person:' || e.person, 2, 'seat.occupied', e.started_on, v_now, p_case, v_actor, e.payload, v_hash);
      WITH head AS (INSERT INTO ledger_chain (chain_kind, chain_id, sequence, hash) VALUES ('person', e.person, 2, v_second))
      INSERT INTO ledger_entry (chain_kind, chain_id, sequence, format, type, effective_on, recorded_at, payload, case_id,
        actor, prev_hash, hash, scope_path)
      VALUES ('person', e.person, 1, 1, 'person.registered', e.started_on, v_now, v_first, p_case, v_actor, '', v_hash, e.scope),
        ('person', e.person, 2, 1, 'seat.occupied', e.started_on, v_now, e.payload, p_case, v_actor, v_hash, v_second, e.scope);
    END IF;
  END LOOP;
  UPDATE ledger_chain SET sequence = v_head.sequence, hash = v_head.hash WHERE chain_kind = 'unit' AND chain_id = p_unit;
  INSERT INTO alarm (rule, code, standing, state, unit_id, person_id, case_id, user_id, operator, facts, scope_path)
  SELECT 'AL06', 'id_unverified', false, 'open', p_unit, person, p_case, scope_number(1), v_actor,
    jsonb_build_object('id_mask', f ->> 'id_mask', 'proof', f ->> 'proof'), scope
  FROM opening WHERE (f ->> 'verified')::int = 0;
  SELECT count(*) INTO v_count FROM opening;
  PERFORM k_surplus_alarm(line, p_case) FROM (SELECT DISTINCT line FROM opening ORDER BY line) x;
  RETURN v_count;
END $$;

-- The batch: {"units": [...], "lines": [...], "people": [...], "leaders": [...]}; "key" names rows inside it.
-- One legal body a call, so a body with an error is held back whole and the others enter.
CREATE OR REPLACE FUNCTION ledger_open_balance(p_case bigint, p_batch text) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  r case_record := case_open_movement(p_case, 'open_balance'); b jsonb := p_batch::jsonb; j jsonb; v_keys jsonb := '{}';
  v_lines jsonb := '{}'; v_id bigint; v_legal bigint; v_people jsonb; v_count int := 0;
BEGIN
  IF r.facts::jsonb ->> 'batch' IS DISTINCT FROM encode(sha256(convert_to(p_batch, 'UTF8')), 'hex') THEN
    PERFORM refuse('facts_changed');
  END IF;
  -- The office that approved answers for its own region.
  IF EXISTS (SELECT 1 FROM jsonb_array_elements(b -> 'units') u JOIN region g ON g.code = u ->> 'region'
      JOIN region a ON a.code = r.facts::jsonb ->> 'region' WHERE NOT starts_with(g.prefix, a.prefix)) THEN
    PERFORM refuse('not_allowed');
  END IF;
  -- A parent of the same file has entered by a case of its own; its first entry opened the legal body.
  IF b -> 'units' -> 0 ? 'parent_case' THEN
    SELECT chain_id INTO v_id FROM ledger_entry WHERE case_id = (b -> 'units' -> 0 ->> 'parent_case')::bigint
      AND chain_kind = 'unit' AND type = 'unit.opened' ORDER BY id LIMIT 1;
    IF NOT FOUND THEN PERFORM refuse('not_found', jsonb_build_object('unit', b -> 'units' -> 0 ->> 'name')); END IF;
    b := jsonb_set(b, '{units,0,parent}', to_jsonb(v_id));
  END IF;
  -- Whoever the city knows already is locked in one order before anything is written.
  PERFORM 1 FROM person WHERE id_index IN (SELECT current_index(decode(j2 ->> 'person_index', 'hex'))
    FROM jsonb_array_elements(coalesce(b -> 'people', '[]') || coalesce(b -> 'leaders', '[]')) j2) ORDER BY id FOR UPDATE;
  FOR j IN SELECT * FROM jsonb_array_elements(b -> 'units') LOOP
    IF j ->> 'uscc' IS NOT NULL AND EXISTS (SELECT 1 FROM unit WHERE uscc = j ->> 'uscc' AND status = 'active') THEN
      PERFORM refuse('duplicate_unit', jsonb_build_object('unit', j ->> 'name'));
    END IF;
    v_id := k_open_unit(p_case, CASE WHEN j ->> 'parent_key' IS NULL THEN j
      ELSE j || jsonb_build_object('parent', v_keys -> (j ->> 'parent_key')) END, k_day((j ->> 'start')::date));
    v_legal := coalesce(v_legal, v_id);
    v_keys := v_keys || jsonb_build_object(j ->> 'key', v_id);
  END LOOP;
  FOR j IN SELECT * FROM jsonb_array_elements(b -> 'lines') LOOP
    v_id := k_set_quota(p_case, j - 'line' || jsonb_build_object('opening', 1, 'unit', v_keys -> (j ->> 'unit_key'),
      'scope', v_keys -> coalesce(j ->> 'scope_key', j ->> 'unit_key')), k_day((j ->> 'start')::date));
    v_lines := v_lines || jsonb_build_object(j ->> 'key', v_id);
  END LOOP;
  SELECT jsonb_agg(p || jsonb_build_object('line', v_lines -> (p ->> 'line_key'),
    'department', v_keys -> (p ->> 'department_key')) ORDER BY ord) INTO v_people
  FROM jsonb_array_elements(b -> 'people') WITH ORDINALITY x(p, ord);
  FOR j IN SELECT * FROM jsonb_array_elements(coalesce(b -> 'allotments', '[]')) LOOP
    PERFORM k_allot(p_case, (v_lines ->> (j ->> 'line_key'))::bigint, (v_keys ->> (j ->> 'department_key'))::bigint,
      (j ->> 'authorised')::int, (j ->> 'start')::date);
  END LOOP;
  IF v_people IS NOT NULL THEN v_count := k_open_people(p_case, v_legal, v_people); END IF;
  FOR j IN SELECT * FROM jsonb_array_elements(b -> 'leaders') LOOP
    SELECT id INTO v_id FROM person WHERE id_index = current_index(decode(j ->> 'person_index', 'hex'));
    IF v_id IS NULL THEN v_id := k_register(p_case, j || jsonb_build_object('state', 'outside'),
      (SELECT scope_path FROM unit WHERE id = v_legal), k_day((j ->> 'start')::date), clock_timestamp()); END IF;
    PERFORM k_take_lead(p_case, j || jsonb_build_object('person', v_id, 'line', v_lines -> (j ->> 'line_key')),
      k_day((j ->> 'start')::date));
  END LOOP;
  PERFORM k_effected(p_case);
  RETURN jsonb_build_object('unit', v_legal, 'people', v_count, 'units', v_keys);
END $$;
