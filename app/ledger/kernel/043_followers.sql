-- 随机构走: what goes along when a body or department goes into another one: whoever is beyond the number with the plan of his
-- absorption, lines closed to entry, leaders on their posts as the bundle says line by line, and who is away.

-- 整建制转到、转入 (codes of exit and entry): by what is entered, and by what is left.
CREATE OR REPLACE FUNCTION k_transfer_codes(p_from bigint, p_into bigint, OUT reason text, OUT way text)
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  SELECT (SELECT CASE k_personnel_class(category) WHEN 'public' THEN '24' ELSE CASE category WHEN '21' THEN '23' ELSE '21' END END
      FROM quota_line WHERE id = p_into),
    (SELECT CASE k_personnel_class(category) WHEN 'public' THEN '34' ELSE CASE category WHEN '21' THEN '33' ELSE '31' END END
      FROM quota_line WHERE id = p_from)
$$;

-- The running plans of some lines as one: the latest of their last days, and for each year that one of them names how many
-- may be beyond the number then, all together and never more than there are. Null where no plan runs.
CREATE OR REPLACE FUNCTION k_joint_plan(p_lines bigint[], p_over int) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  WITH plans AS (SELECT id, until_on, surplus, targets FROM absorption_plan WHERE line_id = ANY (p_lines) AND ended_on IS NULL),
    said AS (SELECT p.id, split_part(x, ':', 1)::int AS year, split_part(x, ':', 2)::int AS n
      FROM plans p, regexp_split_to_table(p.targets, ',') x),
    years AS (SELECT y.year, sum(coalesce((SELECT s.n FROM said s WHERE s.id = p.id AND s.year = y.year),
        CASE WHEN y.year >= extract(year FROM p.until_on) THEN 0 END, (SELECT s.n FROM said s WHERE s.id = p.id AND s.year < y.year
        ORDER BY s.year DESC LIMIT 1), p.surplus)) AS n
      FROM (SELECT DISTINCT year FROM said) y, plans p GROUP BY y.year)
  SELECT jsonb_build_object('until_on', max(until_on), 'targets', (SELECT string_agg(year || ':' || least(n, p_over), ',' ORDER BY year)
    FROM years)) FROM plans HAVING count(*) > 0
$$;

-- The plan of those who are beyond the number of a line that takes up others: with the last day that the bundle names, or as it
-- runs already. Refused where there is none, or where its last day is past.
CREATE OR REPLACE FUNCTION k_brought_plan(p_lines bigint[], p_over int, f jsonb, p_on date) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
DECLARE v jsonb := coalesce(k_joint_plan(p_lines, p_over), '{}'); v_until date := nullif(f ->> 'until_on', '')::date;
BEGIN
  v := jsonb_build_object('until_on', coalesce(v_until, (v ->> 'until_on')::date), 'targets', v ->> 'targets',
    'document_no', f ->> 'document_no');
  IF coalesce((v ->> 'until_on')::date <= p_on, true) THEN
    PERFORM refuse('surplus_without_plan', jsonb_build_object('line', p_lines[1], 'surplus', p_over, 'unit', (SELECT unit_id
      FROM quota_line WHERE id = p_lines[1])));
  END IF;
  RETURN v;
END $$;

-- On a vacant seat of a line, beyond the number or not as it was before where there is such a one. The caller holds the line.
CREATE OR REPLACE FUNCTION k_sit_brought(p_case bigint, l quota_line, p_person bigint, f jsonb, p_surplus boolean, p_on date,
  p_now timestamptz) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE p post; t ledger_total;
BEGIN
  SELECT x.* INTO p FROM post x WHERE x.line_id = l.id AND x.status = 'vacant' AND k_free_since(x, p_on)
   ORDER BY x.surplus <> p_surplus, x.number LIMIT 1 FOR UPDATE;
  IF NOT FOUND THEN
    SELECT * INTO t FROM ledger_total WHERE line_id = l.id;
    IF coalesce(t.occupied + t.reserved >= t.authorised, true) THEN
      PERFORM refuse(CASE l.kind WHEN 'leadership' THEN 'leadership_exhausted' ELSE 'quota_exhausted' END, k_line_figures(t));
    END IF;
    PERFORM refuse('bad_day', jsonb_build_object('day', p_on, 'line', l.id));
  END IF;
  UPDATE ledger_total SET occupied = occupied + 1 WHERE line_id = l.id;
  PERFORM k_sit(p_case, p, p_person, f, p_on, p_now);
END $$;

-- 编随人走: a line with its whole number and all its people goes into a line of another body. Whoever was beyond the number is so
-- there too, on surplus seats with a plan, as far as nothing is vacant there. A line closed to entry stays closed where it
-- becomes a line of its own, and its exits take no number along on the way. The caller holds both lines.
CREATE OR REPLACE FUNCTION k_bring_line(p_case bigint, s quota_line, l quota_line, f jsonb, p_on date) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE a ledger_total; b ledger_total; v_over int; v_plan jsonb; v_facts jsonb; o record; c record; v_now timestamptz; v_bad date;
BEGIN
  SELECT * INTO a FROM ledger_total WHERE line_id = s.id;
  SELECT * INTO b FROM ledger_total WHERE line_id = l.id;
  v_over := greatest(0, a.occupied + b.occupied - coalesce(a.authorised, 0) - coalesce(b.authorised, 0));
  v_facts := jsonb_build_object('document_no', f ->> 'document_no', 'issuer', f ->> 'issuer', 'net', 1, 'line', l.id,
    'authorised', coalesce(b.authorised, 0) + coalesce(a.authorised, 0));
  IF v_over = 0 AND NOT s.closed_to_entry AND NOT l.closed_to_entry THEN
    PERFORM k_set_quota(p_case, v_facts, p_on);
    PERFORM k_carry_parts(p_case, s.id, l, p_on);
    PERFORM k_move_people(p_case, jsonb_build_object('line', s.id, 'into_line', l.id), p_on);
    RETURN;
  END IF;
  IF v_over > 0 THEN
    v_plan := k_brought_plan(ARRAY[s.id, l.id], v_over, f, p_on);
    v_facts := v_facts || jsonb_build_object('bring', a.occupied);
  END IF;
  PERFORM k_set_quota(p_case, v_facts, p_on);
  PERFORM k_carry_parts(p_case, s.id, l, p_on);
  IF s.closed_to_entry THEN PERFORM k_close_line(p_case, s, false, f ->> 'document_no', p_on); END IF;
  PERFORM 1 FROM person WHERE id IN (SELECT person_id FROM occupancy WHERE line_id = s.id AND recorded_to IS NULL AND ended_on IS NULL)
    ORDER BY id FOR UPDATE;
  c := k_transfer_codes(s.id, l.id);
  v_now := clock_timestamp();
  FOR o IN SELECT x.person_id, p.surplus FROM occupancy x JOIN post p ON p.id = x.post_id WHERE x.line_id = s.id
      AND x.recorded_to IS NULL AND x.ended_on IS NULL ORDER BY p.surplus DESC, p.number LOOP
    PERFORM k_vacate(p_case, o.person_id, c.reason, p_on, v_now, false);
    PERFORM k_free_from(o.person_id, p_on);
    PERFORM k_sit_brought(p_case, l, o.person_id, jsonb_build_object('entry_way', c.way), o.surplus, p_on, v_now);
  END LOOP;
  IF s.closed_to_entry AND NOT l.closed_to_entry AND coalesce(b.authorised, 0) = 0 AND b.occupied = 0 THEN
    PERFORM k_close_line(p_case, l, true, f ->> 'document_no', p_on);
  END IF;
  IF v_over = 0 THEN
    v_bad := k_first_bad_day(l.id, p_on, v_now);
    IF v_bad IS NOT NULL THEN PERFORM refuse('bad_day', jsonb_build_object('day', v_bad, 'line', l.id)); END IF;
  ELSE PERFORM k_plan_absorption(p_case, l, v_over, v_plan, p_on);
  END IF;
  PERFORM k_surplus_alarm(l.id, p_case);
END $$;

-- Leaders' posts that go on in the successor: {"leads": "follow" | "off"} for the posts of what ends itself, and line by line
-- {"lead_lines": "17:off,18:follow,19:412"}, where a number is the unit there that has the post. Taken down before anybody
-- moves, since whoever leaves his seat leaves his post. What is not said ends.
CREATE OR REPLACE FUNCTION k_leaders_note(f jsonb, p_scope bigint, p_into bigint) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
DECLARE l record; v_said jsonb; v_way text; v_out jsonb := '[]'; v_wrong text;
BEGIN
  IF coalesce(f ->> 'lead_lines', '') !~ '^([0-9]{1,18}:(off|follow|[0-9]{1,18})(,[0-9]{1,18}:(off|follow|[0-9]{1,18}))*)?$'
    OR coalesce(nullif(f ->> 'leads', ''), 'off') NOT IN ('off', 'follow') THEN
    PERFORM refuse('invalid_input', '{"errors": {"lead_lines": ["format"]}}');
  END IF;
  SELECT coalesce(jsonb_object_agg(split_part(x, ':', 1), split_part(x, ':', 2)), '{}') INTO v_said
    FROM regexp_split_to_table(nullif(f ->> 'lead_lines', ''), ',') x;
  FOR l IN SELECT x.*, t.authorised, t.occupied FROM quota_line x JOIN ledger_total t ON t.line_id = x.id
      WHERE (x.scope_unit_id = p_scope OR x.unit_id = p_scope) AND x.kind = 'leadership' ORDER BY x.id LOOP
    v_way := coalesce(v_said ->> l.id::text, CASE WHEN l.scope_unit_id = p_scope THEN f ->> 'leads' END, 'off');
    v_said := v_said - l.id::text;
    -- A department's post goes on in a department that is named: its own ends.
    IF v_way = 'follow' AND l.scope_unit_id <> p_scope THEN
      PERFORM refuse('invalid_input', '{"errors": {"lead_lines": ["department"]}}');
    END IF;
    CONTINUE WHEN v_way IN ('off', '') OR coalesce(l.authorised, 0) = 0 AND l.occupied = 0;
    v_out := v_out || jsonb_build_object('line', l.id, 'to', CASE v_way WHEN 'follow' THEN p_into ELSE v_way::bigint END,
      'role', l.role, 'level', l.level, 'authorised', coalesce(l.authorised, 0), 'holders', (SELECT coalesce(jsonb_agg(
        jsonb_build_object('person', o.person_id, 'nature', o.nature, 'home_unit', o.home_unit, 'main', o.main::int,
          'surplus', p.surplus) ORDER BY p.surplus DESC, p.number), '[]') FROM occupancy o JOIN post p ON p.id = o.post_id
        WHERE o.line_id = l.id AND o.recorded_to IS NULL AND o.ended_on IS NULL));
  END LOOP;
  SELECT min(k) INTO v_wrong FROM jsonb_object_keys(v_said) k;
  IF v_wrong IS NOT NULL THEN PERFORM refuse('not_found', jsonb_build_object('line', v_wrong)); END IF;
  RETURN v_out;
END $$;

-- The posts that were taken down, in the successor: with their numbers (``p_numbers``) or on numbers approved there. Who leads
-- there already keeps his one post of that line; somebody of the successor who led beside is now of the body itself.
CREATE OR REPLACE FUNCTION k_leaders_follow(p_case bigint, f jsonb, p_note jsonb, p_into bigint, p_numbers boolean, p_on date) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE e jsonb; h jsonb; l quota_line; t ledger_total; v_over int; v_come int; v_plan jsonb; v_now timestamptz; v_bad date; v_body bigint; v_line bigint;
BEGIN
  SELECT legal_id INTO v_body FROM unit WHERE id = p_into;
  FOR e IN SELECT value FROM jsonb_array_elements(p_note) LOOP
    v_line := k_line(jsonb_build_object('kind', 'leadership', 'unit', v_body, 'scope', e -> 'to', 'role', e -> 'role', 'level', e -> 'level'));
    SELECT * INTO t FROM ledger_total WHERE line_id = v_line FOR UPDATE;
    SELECT * INTO l FROM quota_line WHERE id = v_line;
    SELECT count(*) INTO v_come FROM jsonb_array_elements(e -> 'holders') x WHERE NOT EXISTS (SELECT 1 FROM occupancy
      WHERE line_id = l.id AND person_id = (x ->> 'person')::bigint AND recorded_to IS NULL AND (ended_on IS NULL OR ended_on > p_on));
    v_over := 0;
    IF p_numbers THEN
      v_over := greatest(0, t.occupied + v_come - coalesce(t.authorised, 0) - (e ->> 'authorised')::int);
      IF v_over > 0 THEN v_plan := k_brought_plan(ARRAY[(e ->> 'line')::bigint, l.id], v_over, f, p_on); END IF;
      PERFORM k_set_quota(p_case, jsonb_build_object('line', l.id, 'authorised', coalesce(t.authorised, 0) + (e ->> 'authorised')::int,
        'document_no', f ->> 'document_no', 'issuer', f ->> 'issuer') || CASE WHEN v_over > 0 THEN jsonb_build_object('bring', v_come)
        ELSE '{}' END, p_on);
    END IF;
    v_now := clock_timestamp();
    FOR h IN SELECT value FROM jsonb_array_elements(e -> 'holders') LOOP
      PERFORM 1 FROM person WHERE id = (h ->> 'person')::bigint FOR UPDATE;
      CONTINUE WHEN EXISTS (SELECT 1 FROM occupancy WHERE line_id = l.id AND person_id = (h ->> 'person')::bigint
        AND recorded_to IS NULL AND (ended_on IS NULL OR ended_on > p_on));
      IF k_seated((h ->> 'person')::bigint, v_body, daterange(p_on, NULL)) THEN h := h || '{"nature": "regular", "home_unit": null}';
      ELSIF h ->> 'nature' = 'regular' THEN
        PERFORM refuse('leader_without_seat', jsonb_build_object('person', h -> 'person', 'unit', v_body));
      END IF;
      PERFORM k_one_main((h ->> 'person')::bigint, h, p_on);
      PERFORM k_sit_brought(p_case, l, (h ->> 'person')::bigint, h - 'surplus', (h ->> 'surplus')::boolean, p_on, v_now);
    END LOOP;
    IF v_over > 0 THEN PERFORM k_plan_absorption(p_case, l, v_over, v_plan, p_on);
    ELSE
      v_bad := k_first_bad_day(l.id, p_on, v_now);
      IF v_bad IS NOT NULL THEN PERFORM refuse('bad_day', jsonb_build_object('day', v_bad, 'line', l.id)); END IF;
    END IF;
    PERFORM k_surplus_alarm(l.id, p_case);
  END LOOP;
END $$;

-- 离岗续记: an absence goes on from the day on which the one before it ended, in another unit or at another host.
CREATE OR REPLACE FUNCTION k_absence_on(p_case bigint, a absence, p_unit bigint, p_host bigint, p_host_name text, p_now timestamptz)
RETURNS void LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE n absence := a; p person;
BEGIN
  SELECT * INTO p FROM person WHERE id = a.person_id;
  n.id := nextval(pg_get_serial_sequence('absence', 'id')); n.unit_id := p_unit; n.host_unit_id := p_host; n.host := p_host_name;
  n.started_on := a.ended_on; n.until_on := greatest(a.until_on, a.ended_on); n.ended_on := NULL; n.case_id := p_case;
  n.end_case_id := NULL; n.recorded_at := p_now; n.recorded_to := NULL; n.scope_path := p.scope_path; n.personnel_class := p.personnel_class;
  INSERT INTO absence SELECT (n).*;
  PERFORM chain_append('person', n.person_id, 'absence.begun', n.started_on, p_now, p_case, jsonb_build_object(
    'absence', n.id, 'person', n.person_id, 'unit', n.unit_id, 'kind', n.kind, 'host_unit', n.host_unit_id, 'host', n.host,
    'started_on', n.started_on, 'until_on', n.until_on, 'personnel_class', n.personnel_class, 'continues', a.id), n.scope_path);
END $$;

-- Whoever was away as this case moved him is still away, from the unit in which he sits now, unless the bundle ends it
-- ({"absences": "end"}) or the very unit that had him on loan takes him in.
CREATE OR REPLACE FUNCTION k_absences_go_on(p_case bigint, f jsonb) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE a absence; v_unit bigint; v_now timestamptz := clock_timestamp();
BEGIN
  IF f ->> 'absences' = 'end' THEN RETURN; END IF;
  FOR a IN SELECT DISTINCT ON (x.person_id) x.* FROM absence x WHERE x.end_case_id = p_case AND x.recorded_to IS NULL
      AND NOT EXISTS (SELECT 1 FROM absence y WHERE y.person_id = x.person_id AND y.recorded_to IS NULL AND y.ended_on IS NULL)
      ORDER BY x.person_id, x.id DESC LOOP
    SELECT unit_id INTO v_unit FROM occupancy WHERE person_id = a.person_id AND kind = 'establishment' AND recorded_to IS NULL
      AND ended_on IS NULL;
    CONTINUE WHEN v_unit IS NULL OR v_unit IS NOT DISTINCT FROM a.host_unit_id OR v_unit = a.unit_id;
    PERFORM k_absence_on(p_case, a, v_unit, a.host_unit_id, a.host, v_now);
  END LOOP;
END $$;

-- People of other bodies whom a body that ends has on loan are with its successor; those of the successor are back.
CREATE OR REPLACE FUNCTION k_loans_go_on(p_case bigint, p_unit bigint, p_into bigint, p_on date) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE a absence; v_name text; v_now timestamptz;
BEGIN
  SELECT name INTO v_name FROM unit WHERE id = p_into;
  PERFORM 1 FROM person WHERE id IN (SELECT person_id FROM absence WHERE host_unit_id = p_unit AND recorded_to IS NULL
    AND ended_on IS NULL) ORDER BY id FOR UPDATE;
  v_now := clock_timestamp();
  FOR a IN SELECT * FROM absence WHERE host_unit_id = p_unit AND recorded_to IS NULL AND ended_on IS NULL ORDER BY person_id LOOP
    PERFORM k_absence_next(a, p_case, 'absence.ended', a.until_on, greatest(p_on, a.started_on), v_now);
    CONTINUE WHEN a.unit_id = p_into;
    a.ended_on := greatest(p_on, a.started_on);
    PERFORM k_absence_on(p_case, a, a.unit_id, p_into, v_name, v_now);
  END LOOP;
END $$;

-- What lay on the desks of a body that ends in another one: drafts and open notices are the successor's; it is told whom it took
-- over, and the system administrators whose hats ended (who gets one there is for them to propose and for another to settle).
CREATE OR REPLACE FUNCTION k_desk_follows() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE n unit; v_hats int;
BEGIN
  SELECT u.* INTO n FROM unit_succession s JOIN unit u ON u.id = s.to_unit_id WHERE s.from_unit_id = NEW.id AND s.kind = 'merge'
   ORDER BY s.id DESC LIMIT 1;
  IF NOT FOUND OR NEW.node = 'department' THEN RETURN NULL; END IF;
  UPDATE application_event e SET scope_path = n.scope_path FROM application a WHERE a.id = e.application_id
    AND a.unit_id = NEW.id AND a.state = 'draft' AND a.office_id IS NULL;
  UPDATE application SET unit_id = n.id, scope_path = n.scope_path WHERE unit_id = NEW.id AND state = 'draft' AND office_id IS NULL;
  UPDATE notice SET unit_id = n.id, scope_path = n.scope_path WHERE unit_id = NEW.id AND settled_at IS NULL;
  INSERT INTO notice (kind, unit_id, why, scope_path) VALUES ('taken_over', n.id, NEW.name, n.scope_path);
  SELECT count(DISTINCT user_id) INTO v_hats FROM account WHERE unit_id = NEW.id AND kind <> 'person' AND ended_on = kernel_today();
  IF v_hats > 0 THEN
    INSERT INTO notice (kind, duty, why, scope_path) VALUES ('hats_ended', 'system_admin', NEW.name || ' → ' || n.name || '：' || v_hats,
      n.scope_path);
  END IF;
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER unit_desk_follows AFTER UPDATE OF status ON unit FOR EACH ROW
  WHEN (NEW.status = 'closed' AND OLD.status <> 'closed') EXECUTE FUNCTION k_desk_follows();
