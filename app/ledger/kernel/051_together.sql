-- People of one line who move into another one at once. What k_vacate and k_sit_free do for one person is done here for a row
-- of people in a fixed number of statements: the same rows, the same entries in the same order on each chain, one version of
-- totals and heads instead of one for each person (within a transaction old versions stay, and each look at the row walks them).
-- tests/ledger/test_together.py compares the two.

-- Who of a line moves as everybody does: one open seat that would be left, nothing that a single movement would refuse. The
-- others (leaders above all) go alone, in their turn.
CREATE OR REPLACE FUNCTION k_plain_movers(p_line bigint, p_people bigint[], p_on date) RETURNS boolean[]
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  SELECT array_agg(o.started_on <= p_on AND NOT EXISTS (SELECT 1 FROM occupancy y WHERE y.person_id = o.person_id AND y.id <> o.id
      AND y.recorded_to IS NULL AND (y.ended_on IS NULL AND (y.kind = 'establishment' OR y.nature = 'regular')
        OR y.kind = 'establishment' AND y.ended_on > p_on)) ORDER BY o.person_id)
    FROM occupancy o WHERE o.line_id = p_line AND o.kind = 'establishment' AND o.recorded_to IS NULL AND o.ended_on IS NULL
      AND o.person_id = ANY (p_people)
$$;

-- The first so many of these people, by number, from a line without surplus onto the free seats of another; how many they were.
-- None where the next one has to go alone: a surplus to be absorbed, a line that loses numbers, no room, no seat of that day.
CREATE OR REPLACE FUNCTION k_move_together(p_case bigint, p_people bigint[], p_line bigint, p_into bigint, p_department bigint,
  p_way text, p_reason text, p_on date, p_now timestamptz) RETURNS int
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
  l quota_line; m quota_line; t ledger_total; v_scope text; v_seats bigint[]; v_old bigint[]; v_new bigint[]; v_left jsonb[];
  v_sat jsonb[]; v_paths text[]; n int;
BEGIN
  SELECT * INTO l FROM quota_line WHERE id = p_line;
  SELECT * INTO t FROM ledger_total WHERE line_id = p_line;
  IF l.closed_to_entry AND coalesce(t.authorised, 0) > 0 OR t.occupied > t.authorised
    OR EXISTS (SELECT 1 FROM post WHERE line_id = p_line AND surplus AND status = 'occupied') THEN RETURN 0; END IF;
  SELECT * INTO m FROM quota_line WHERE id = p_into;
  SELECT * INTO t FROM ledger_total WHERE line_id = p_into;
  n := least(cardinality(p_people), coalesce(t.authorised - t.occupied - t.reserved, 0));
  IF m.closed_to_entry OR m.kind <> 'establishment' OR n < 2 THEN RETURN 0; END IF;
  SELECT scope_path INTO v_scope FROM unit WHERE id = coalesce(p_department, m.unit_id) AND status = 'active' AND opened_on <= p_on
    AND (legal_id = m.unit_id OR id = m.unit_id) FOR SHARE;  -- held against its closing
  IF v_scope IS NULL THEN RETURN 0; END IF;
  SELECT array_agg(id ORDER BY number) INTO v_seats FROM (SELECT x.id, x.number FROM post x WHERE x.line_id = p_into
    AND x.status = 'vacant' AND k_free_since(x, p_on) ORDER BY x.number LIMIT n FOR UPDATE) s;
  n := coalesce(cardinality(v_seats), 0);
  IF n < 2 THEN RETURN 0; END IF;
  p_people := p_people[:n];
  -- Numbers of rows as single movements take them: the ended period, then the new one, person by person.
  SELECT array_agg(id) FILTER (WHERE i % 2 = 1), array_agg(id) FILTER (WHERE i % 2 = 0) INTO v_old, v_new
    FROM (SELECT i, nextval(pg_get_serial_sequence('occupancy', 'id')) AS id FROM generate_series(1, 2 * n) i) x;

  WITH o AS (UPDATE occupancy SET recorded_to = p_now WHERE person_id = ANY (p_people) AND line_id = p_line
      AND kind = 'establishment' AND recorded_to IS NULL AND ended_on IS NULL RETURNING *),
    placed AS (SELECT o.*, w.i, v_old[w.i] AS ended FROM unnest(p_people) WITH ORDINALITY w(person, i) JOIN o ON o.person_id = w.person),
    left_ AS (UPDATE post x SET status = 'vacant', abolished_on = NULL FROM o WHERE x.id = o.post_id RETURNING x.id, x.number),
    closed AS (INSERT INTO occupancy (id, person_id, person_name, post_id, line_id, unit_id, department_id, kind, main, nature,
        home_unit, started_on, ended_on, entry_way, exit_reason, entry_case_id, exit_case_id, recorded_at, scope_path, personnel_class)
      SELECT ended, person_id, person_name, post_id, line_id, unit_id, department_id, kind, main, nature, home_unit, started_on,
        p_on, entry_way, p_reason, entry_case_id, p_case, p_now, scope_path, personnel_class FROM placed ORDER BY i)
  SELECT array_agg(jsonb_build_object('occupancy', p.id, 'ended', p.ended, 'line', p.line_id, 'seat', x.number,
      'person', p.person_id, 'ended_on', p_on, 'reason', p_reason, 'abolished', 0) ORDER BY i), array_agg(p.scope_path ORDER BY i)
    INTO v_left, v_paths FROM placed p JOIN left_ x ON x.id = p.post_id;
  UPDATE ledger_total SET occupied = occupied - n WHERE line_id = p_line;
  PERFORM k_chain_row('unit', l.unit_id, 'seat.vacated', p_on, p_now, p_case, v_left, l.scope_path);
  PERFORM k_chain_each('person', p_people, 'seat.vacated', p_on, p_now, p_case, v_left, v_paths);
  PERFORM k_surplus_alarm(p_line, p_case);

  UPDATE ledger_total SET occupied = occupied + n WHERE line_id = p_into;
  WITH made AS (INSERT INTO occupancy (id, person_id, person_name, post_id, line_id, unit_id, department_id, kind, main, nature,
        started_on, entry_way, entry_case_id, recorded_at, scope_path)
      SELECT v_new[w.i], p.id, p.name, v_seats[w.i], m.id, m.unit_id, p_department, 'establishment', true, 'regular', p_on, p_way,
        p_case, p_now, v_scope
      FROM unnest(p_people) WITH ORDINALITY w(person, i) JOIN person p ON p.id = w.person ORDER BY w.i RETURNING *)
  SELECT array_agg(k_occupied_fields(o, x, p_case) ORDER BY o.person_id) INTO v_sat
    FROM made o JOIN post x ON x.id = o.post_id;
  UPDATE post SET status = 'occupied', reserved_case_id = NULL, permit_id = NULL WHERE id = ANY (v_seats);
  UPDATE person SET unit_id = m.unit_id, department_id = p_department, scope_path = v_scope, state = 'serving',
    personnel_class = k_personnel_class(m.category) WHERE id = ANY (p_people);
  PERFORM k_chain_row('unit', m.unit_id, 'seat.occupied', p_on, p_now, p_case, v_sat, m.scope_path);
  PERFORM k_chain_each('person', p_people, 'seat.occupied', p_on, p_now, p_case, v_sat, array_fill(v_scope, ARRAY[n]));
  RETURN n;
END $$;
