-- 职级职数、岗位设置: approved groups of ranks or post grades, of one unit or of several together (统筹), and who holds them.

-- The groups as they are filed: one JSON text (app/domain/caps.py).
CREATE OR REPLACE FUNCTION scheme_groups(p_groups text)
RETURNS TABLE (place int, name text, low text, high text, "of" text, parts int, whole int, rounding text, minimum int,
  plus text, less text, mark text, number int)
LANGUAGE sql IMMUTABLE SET search_path = public, pg_temp AS $$
  SELECT n::int, g ->> 'name', g ->> 'low', g ->> 'high', g ->> 'of', (g ->> 'parts')::int, (g ->> 'whole')::int,
    g ->> 'rounding', (g ->> 'minimum')::int, g ->> 'plus', g ->> 'less', g ->> 'mark', (g ->> 'number')::int
  FROM jsonb_array_elements(p_groups::jsonb) WITH ORDINALITY x(g, n) ORDER BY n
$$;

-- Reckons every group again: no number above its share, given parts together not above their whole.
CREATE OR REPLACE FUNCTION k_reckoned(p_base int, p_groups text) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE g record; v_numbers jsonb := jsonb_build_object('', p_base); v_given jsonb := '{}'; v_of bigint; v_most bigint;
BEGIN
  FOR g IN SELECT * FROM scheme_groups(p_groups) LOOP
    v_of := (v_numbers ->> g."of")::bigint;
    v_most := CASE WHEN g.mark <> '' THEN g.number WHEN g.whole = 0 THEN v_of - coalesce((v_given ->> g."of")::bigint, 0)
      ELSE greatest(g.minimum, (2 * v_of * g.parts + CASE g.rounding WHEN 'down' THEN 0 WHEN 'half' THEN g.whole
        WHEN 'up' THEN 2 * (g.whole - 1) END) / (2 * g.whole)) END
      + CASE g.plus WHEN '' THEN 0 ELSE (v_numbers ->> g.plus)::bigint END - CASE g.less WHEN '' THEN 0 ELSE (v_numbers ->> g.less)::bigint END;
    IF num_nulls(v_of, v_most, g.minimum, g.rounding, g.name, g.number) > 0 OR g.rounding NOT IN ('down', 'half', 'up')
        OR g.number < 0 OR g.low > g.high OR v_numbers ? g.name THEN
      PERFORM refuse('invalid_input', '{"errors": {"groups": ["format"]}}');
    ELSIF g.number > greatest(0, v_most) THEN
      PERFORM refuse('above_share', jsonb_build_object('group', g.name, 'number', g.number, 'most', greatest(0, v_most)));
    END IF;
    v_numbers := v_numbers || jsonb_build_object(g.name, g.number);
    IF g.whole = 0 AND g.mark = '' THEN
      v_given := v_given || jsonb_build_object(g."of", coalesce((v_given ->> g."of")::bigint, 0) + g.number);
    END IF;
  END LOOP;
END $$;

-- The base: the authorised numbers of every member, each of which has one; held until the scheme stands.
CREATE OR REPLACE FUNCTION k_scheme_base(p_members bigint[], p_of text, p_categories text[]) RETURNS int
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE v_without text; v_base int;
BEGIN
  PERFORM 1 FROM ledger_total t JOIN quota_line l ON l.id = t.line_id WHERE l.unit_id = ANY (p_members)
    AND l.kind = p_of AND (p_of = 'leadership' OR l.category = ANY (p_categories)) ORDER BY t.line_id FOR SHARE OF t;
  SELECT string_agg(u.name, '、' ORDER BY u.id) FILTER (WHERE x.number IS NULL), sum(x.number) INTO v_without, v_base
    FROM unit u LEFT JOIN LATERAL (SELECT sum(t.authorised) AS number FROM quota_line l JOIN ledger_total t ON t.line_id = l.id
      WHERE l.unit_id = u.id AND l.kind = p_of AND (p_of = 'leadership' OR l.category = ANY (p_categories))) x ON true
   WHERE u.id = ANY (p_members);
  IF v_without IS NOT NULL OR v_base IS NULL THEN PERFORM refuse('no_base', jsonb_build_object('unit', v_without)); END IF;
  RETURN v_base;
END $$;

-- What a form starts from: the unit's own numbers and, pooled, those of the bodies below it.
CREATE OR REPLACE FUNCTION scheme_setting(p_unit bigint, p_pooled boolean)
RETURNS TABLE (unit_id bigint, unit_name text, region_kind text, kind text, category text, authorised bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  WITH RECURSIVE below AS (SELECT id, name, scope_path, region_code FROM unit WHERE id = p_unit AND legal_id = id
      AND (scope_has(scope_path) OR id = scope_number(6))
    UNION SELECT u.id, u.name, u.scope_path, u.region_code FROM unit u JOIN below b ON u.parent_id = b.id
     WHERE p_pooled AND u.node <> 'department' AND u.status = 'active' AND u.region_code = b.region_code)
  SELECT b.id, b.name, r.kind, l.kind, coalesce(l.category, ''), sum(t.authorised) FROM below b JOIN region r ON r.code = b.region_code
    LEFT JOIN quota_line l ON l.unit_id = b.id LEFT JOIN ledger_total t ON t.line_id = l.id
   WHERE b.id = p_unit OR NOT coalesce(b.scope_path <@ scope_ranges(16), true)
   GROUP BY b.id, b.name, r.kind, l.kind, l.category ORDER BY b.id
$$;

-- Whether a version of a row was known at an instant; without one: whether it is what is known now.
CREATE OR REPLACE FUNCTION known_at(p_from timestamptz, p_to timestamptz, p_known timestamptz) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = public, pg_temp AS $$
  SELECT CASE WHEN p_known IS NULL THEN p_to IS NULL ELSE p_from < p_known AND (p_to IS NULL OR p_to >= p_known) END
$$;

-- Who held what on a day, as known at an instant: the item of that day; the register where a person never had an item of the
-- kind. `known` is false where only later items tell. Without SECURITY DEFINER: a reader counts whom he sees.
CREATE OR REPLACE FUNCTION scheme_people(p_units bigint[], p_kind text, p_on date, p_known timestamptz)
RETURNS TABLE (person_id bigint, code text, mark text, known boolean, leads boolean)
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  SELECT DISTINCT ON (o.person_id) o.person_id, CASE WHEN i.id IS NOT NULL THEN i.code WHEN h.ever IS NULL THEN p.rank END,
    coalesce(i.mark, ''), i.id IS NOT NULL OR h.ever IS NULL OR coalesce(h.first <= p_on, false),
    EXISTS (SELECT 1 FROM occupancy x WHERE x.person_id = o.person_id AND x.kind = 'leadership' AND x.nature = 'regular'
      AND known_at(x.recorded_at, x.recorded_to, p_known) AND x.started_on <= p_on AND (x.ended_on IS NULL OR x.ended_on > p_on))
  FROM occupancy o JOIN person p ON p.id = o.person_id
  LEFT JOIN LATERAL (SELECT r.id, coalesce(r.fields ->> 'rank', r.fields ->> 'post_grade') AS code, r.fields ->> 'mark' AS mark
    FROM record_item r WHERE r.person_id = o.person_id AND r.kind = p_kind AND known_at(r.recorded_at, r.recorded_to, p_known)
     AND r.started_on <= p_on AND (r.ended_on IS NULL OR r.ended_on > p_on) ORDER BY r.id DESC LIMIT 1) i ON true
  LEFT JOIN LATERAL (SELECT min(r.id) AS ever, min(r.started_on) FILTER (WHERE known_at(r.recorded_at, r.recorded_to, p_known)) AS first
    FROM record_item r WHERE r.person_id = o.person_id AND r.kind = p_kind) h ON true
  WHERE o.unit_id = ANY (p_units) AND o.kind = 'establishment' AND known_at(o.recorded_at, o.recorded_to, p_known)
    AND o.started_on <= p_on AND (o.ended_on IS NULL OR o.ended_on > p_on) ORDER BY o.person_id
$$;

-- Whether a holder counts in a group: a marked group counts its marked people alone, others leave out whom the scheme says.
CREATE OR REPLACE FUNCTION scheme_counts(p_leave_out text[], p_low text, p_high text, p_group_mark text, p_code text,
  p_mark text, p_leads boolean) RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = public, pg_temp AS $$
  SELECT coalesce(p_low <> '' AND p_code BETWEEN p_low AND p_high AND CASE WHEN p_group_mark <> '' THEN p_mark = p_group_mark
    ELSE p_mark <> ALL (p_leave_out) AND NOT (p_leads AND 'leaders' = ANY (p_leave_out)) END, false)
$$;

-- The scheme of a kind that holds for a unit on a day, its own or one that it shares.
CREATE OR REPLACE FUNCTION k_scheme_of(p_unit bigint, p_kind text, p_on date) RETURNS scheme
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  SELECT * FROM scheme WHERE members @> ARRAY[p_unit] AND kind = p_kind AND recorded_to IS NULL AND started_on <= p_on
    AND (ended_on IS NULL OR ended_on > p_on) ORDER BY id DESC LIMIT 1
$$;

-- Holders of every group of a scheme on a day, whoever they are: figures for whoever sees the scheme. `waiting`: running
-- cases, one apart, that would bring in another; `unknown`: people whose rank of that day is not recorded.
CREATE OR REPLACE FUNCTION scheme_held(p_scheme bigint, p_on date, p_known timestamptz, p_but bigint)
RETURNS TABLE (place int, held int, waiting int, unknown int)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  WITH s AS (SELECT * FROM scheme WHERE id = p_scheme AND EXISTS (SELECT 1 FROM unit u WHERE u.id = ANY (members)
      AND (scope_has(u.scope_path) OR u.id = scope_number(6) OR u.id = (SELECT unit_id FROM person WHERE id = scope_number(8))))),
    people AS MATERIALIZED (SELECT h.* FROM s, scheme_people(s.members, s.kind, p_on, p_known) h),
    wanted AS MATERIALIZED (SELECT r.facts::jsonb ->> 'now' AS code, coalesce((r.facts::jsonb ->> 'fields')::jsonb ->> 'mark', '') AS mark,
        p.rank AS was FROM s, application a JOIN case_record r ON r.case_id = a.id JOIN person p ON p.id = a.person_id
      WHERE a.unit_id = ANY (s.members) AND a.state IN ('running', 'awaiting') AND a.id IS DISTINCT FROM p_but
        AND r.facts::jsonb ->> 'kind' = s.kind)
  SELECT g.place, (SELECT count(*)::int FROM people h WHERE scheme_counts(s.leave_out, g.low, g.high, g.mark, h.code, h.mark, h.leads)),
    (SELECT count(*)::int FROM wanted w WHERE scheme_counts(s.leave_out, g.low, g.high, g.mark, w.code, w.mark, false)
      AND NOT coalesce(w.was BETWEEN g.low AND g.high, false)), (SELECT count(*)::int FROM people WHERE NOT known)
  FROM s, scheme_groups(s.groups) g ORDER BY g.place
$$;

-- The next version of a scheme: ended.
CREATE OR REPLACE FUNCTION k_scheme_end(o scheme, p_on date, p_now timestamptz) RETURNS bigint
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE e scheme := o;
BEGIN
  UPDATE scheme SET recorded_to = p_now WHERE id = o.id;
  e.id := nextval(pg_get_serial_sequence('scheme', 'id')); e.ended_on := greatest(p_on, o.started_on); e.recorded_at := p_now;
  INSERT INTO scheme SELECT (e).*;
  RETURN e.id;
END $$;

-- A unit that ends takes its numbers along; those with whom it shared them apply anew.
CREATE OR REPLACE FUNCTION k_schemes_closed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE o scheme; v_now timestamptz := clock_timestamp(); v_on date := coalesce(NEW.closed_on, kernel_today());
BEGIN
  FOR o IN SELECT * FROM scheme WHERE unit_id = NEW.id AND recorded_to IS NULL AND ended_on IS NULL ORDER BY id LOOP
    PERFORM chain_append('unit', NEW.id, 'scheme.ended', greatest(v_on, o.started_on), v_now, o.case_id,
      jsonb_build_object('closes', o.id, 'ended', k_scheme_end(o, v_on, v_now), 'into', NULL), o.scope_path);
  END LOOP;
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER schemes_closed AFTER UPDATE OF status ON unit FOR EACH ROW
  WHEN (NEW.status = 'closed' AND OLD.status <> 'closed') EXECUTE FUNCTION k_schemes_closed();

-- Ends the schemes that a new one replaces, each on its owner's chain; one that others share is not replaced.
CREATE OR REPLACE FUNCTION k_schemes_end(p_case bigint, n scheme) RETURNS jsonb
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE o scheme; v_ended bigint; v_own jsonb := '{"closes": null, "ended": null}';
BEGIN
  FOR o IN SELECT * FROM scheme WHERE members && n.members AND kind = n.kind AND recorded_to IS NULL AND ended_on IS NULL ORDER BY id LOOP
    IF o.unit_id <> n.unit_id AND NOT o.members <@ n.members THEN
      PERFORM refuse('in_pool', jsonb_build_object('unit', (SELECT name FROM unit WHERE id = o.unit_id)));
    ELSIF n.started_on < o.started_on THEN
      PERFORM refuse('bad_day', jsonb_build_object('day', n.started_on, 'scheme', o.id));
    END IF;
    v_ended := k_scheme_end(o, n.started_on, n.recorded_at);
    IF o.unit_id = n.unit_id THEN v_own := jsonb_build_object('closes', o.id, 'ended', v_ended);
    ELSE
      PERFORM chain_append('unit', o.unit_id, 'scheme.ended', n.started_on, n.recorded_at, p_case,
        jsonb_build_object('closes', o.id, 'ended', v_ended, 'into', n.unit_id), o.scope_path);
    END IF;
  END LOOP;
  IF EXISTS (SELECT 1 FROM scheme x WHERE x.members && n.members AND x.kind = n.kind AND x.recorded_to IS NULL
      AND daterange(x.started_on, x.ended_on) && daterange(n.started_on, NULL)) THEN
    PERFORM refuse('bad_day', jsonb_build_object('day', n.started_on));
  END IF;
  RETURN v_own;
END $$;

-- 核定: facts unit, members (ids by comma), basis, categories, leave_out, base, apart, groups, document_no, issuer.
CREATE OR REPLACE FUNCTION k_set_scheme(p_case bigint, f jsonb, p_on date, p_kind text) RETURNS bigint
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE n scheme; v_own jsonb; v_base int; v_count int;
BEGIN
  n.unit_id := (f ->> 'unit')::bigint; n.kind := p_kind; n.members := string_to_array(f ->> 'members', ',')::bigint[];
  SELECT count(*) INTO v_count FROM (SELECT 1 FROM unit u JOIN unit o ON o.id = n.unit_id AND o.region_code = u.region_code
    WHERE u.id = ANY (n.members) AND u.legal_id = u.id AND u.status = 'active' FOR SHARE OF u) x;
  IF v_count IS DISTINCT FROM cardinality(n.members) OR NOT n.members @> ARRAY[n.unit_id] THEN
    PERFORM refuse('not_found', jsonb_build_object('unit', n.unit_id));
  END IF;
  IF coalesce(f ->> 'document_no', '') = '' THEN PERFORM refuse('document_missing'); END IF;
  v_base := k_scheme_base(n.members, coalesce(f ->> 'basis', 'establishment'), string_to_array(f ->> 'categories', ','));
  n.apart := coalesce((f ->> 'apart')::int, 0); n.base := v_base - n.apart;
  IF n.apart < 0 OR n.base < 0 OR n.base IS DISTINCT FROM (f ->> 'base')::int THEN
    PERFORM refuse('base_changed', jsonb_build_object('base', v_base, 'apart', n.apart));
  END IF;
  PERFORM k_reckoned(n.base, f ->> 'groups');
  PERFORM 1 FROM ledger_chain WHERE chain_kind = 'unit' AND chain_id = ANY (n.members || ARRAY(SELECT unit_id FROM scheme
    WHERE members && n.members AND kind = p_kind AND recorded_to IS NULL)) ORDER BY chain_id FOR UPDATE;
  n.id := nextval(pg_get_serial_sequence('scheme', 'id')); n.body := f ->> 'body_set'; n.basis := coalesce(f ->> 'basis', 'establishment');
  n.categories := coalesce(f ->> 'categories', ''); n.leave_out := coalesce(string_to_array(f ->> 'leave_out', ','), '{}');
  n.groups := f ->> 'groups'; n.document_no := f ->> 'document_no'; n.issuer := coalesce(f ->> 'issuer', '');
  n.started_on := p_on; n.recorded_at := clock_timestamp(); n.case_id := p_case;
  SELECT scope_path INTO n.scope_path FROM unit WHERE id = n.unit_id;
  v_own := k_schemes_end(p_case, n);
  INSERT INTO scheme SELECT (n).*;
  PERFORM chain_append('unit', n.unit_id, 'scheme.set', p_on, n.recorded_at, p_case, v_own || jsonb_build_object('scheme', n.id,
    'kind', n.kind, 'members', array_to_string(n.members, ','), 'body', n.body, 'basis', n.basis, 'categories', n.categories,
    'leave_out', array_to_string(n.leave_out, ','), 'base', n.base, 'apart', n.apart, 'groups', n.groups,
    'document_no', n.document_no, 'issuer', n.issuer), n.scope_path);
  RETURN n.id;
END $$;

CREATE OR REPLACE FUNCTION k_rank_quota(p_case bigint, f jsonb, p_on date) RETURNS bigint
LANGUAGE sql SET search_path = public, pg_temp AS $$ SELECT k_set_scheme(p_case, f, p_on, 'rank') $$;
CREATE OR REPLACE FUNCTION k_post_plan(p_case bigint, f jsonb, p_on date) RETURNS bigint
LANGUAGE sql SET search_path = public, pg_temp AS $$ SELECT k_set_scheme(p_case, f, p_on, 'post') $$;

CREATE OR REPLACE FUNCTION ledger_rank_quota(p_case bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE r case_record := case_open_movement(p_case, 'rank_quota'); f jsonb := r.facts::jsonb; v_id bigint;
BEGIN
  v_id := k_rank_quota(p_case, f, k_day((f ->> 'start')::date));
  PERFORM k_effected(p_case);
  RETURN v_id;
END $$;

CREATE OR REPLACE FUNCTION ledger_post_plan(p_case bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE r case_record := case_open_movement(p_case, 'post_plan'); f jsonb := r.facts::jsonb; v_id bigint;
BEGIN
  v_id := k_post_plan(p_case, f, k_day((f ->> 'start')::date));
  PERFORM k_effected(p_case);
  RETURN v_id;
END $$;

-- Holds the scheme that a change of rank or post goes by: two promotions for the last place come one after the other.
-- Codes without numbers of their own need none: 科员, other series of ranks, workers of organs (app/domain/ranks.py, ``numbered``).
CREATE OR REPLACE FUNCTION k_scheme_hold(p_unit bigint, p_kind text, p_on date, p_code text) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE s scheme := k_scheme_of(p_unit, p_kind, p_on);
BEGIN
  IF s.id IS NULL THEN
    IF NOT coalesce(p_code BETWEEN 'R01' AND 'R10' OR p_code ~ '^0[3678]', false) THEN RETURN; END IF;
    PERFORM refuse('no_scheme', jsonb_build_object('unit', (SELECT name FROM unit WHERE id = p_unit), 'kind', p_kind, 'day', p_on));
  END IF;
  PERFORM 1 FROM ledger_chain WHERE chain_kind = 'unit' AND chain_id = s.unit_id FOR UPDATE;
END $$;

-- Nobody enters a full group, on no day from then to now. Called with the item written and the scheme held.
CREATE OR REPLACE FUNCTION k_scheme_room(p person, n record_item) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE s scheme; g record; d date; v_code text := coalesce(n.fields ->> 'rank', n.fields ->> 'post_grade');
BEGIN
  s := k_scheme_of(p.unit_id, n.kind, n.started_on);
  -- Every day on which somebody came into what the scheme counts.
  FOR d IN SELECT n.started_on UNION SELECT x.started_on FROM occupancy x WHERE x.unit_id = ANY (s.members)
        AND x.recorded_to IS NULL AND x.started_on BETWEEN n.started_on AND kernel_today()
      UNION SELECT i.started_on FROM record_item i WHERE i.kind = n.kind AND i.recorded_to IS NULL AND i.started_on
        BETWEEN n.started_on AND kernel_today() AND i.person_id IN (SELECT x.person_id FROM occupancy x
          WHERE x.unit_id = ANY (s.members) AND x.recorded_to IS NULL) ORDER BY 1 LOOP
    CONTINUE WHEN n.ended_on <= d;
    s := coalesce(k_scheme_of(p.unit_id, n.kind, d), s);
    -- The groups that the person newly enters, with everybody who counts in them on that day.
    SELECT x.name, x.number, count(*) AS held INTO g FROM scheme_people(s.members, n.kind, d, NULL) h JOIN scheme_groups(s.groups) x
      ON scheme_counts(s.leave_out, x.low, x.high, x.mark, h.code, h.mark, h.leads)
     WHERE v_code BETWEEN x.low AND x.high AND NOT coalesce(p.rank BETWEEN x.low AND x.high, false)
     GROUP BY x.place, x.name, x.number HAVING count(*) > x.number AND bool_or(h.person_id = p.id) ORDER BY x.place LIMIT 1;
    IF FOUND THEN
      PERFORM refuse('rank_exhausted', jsonb_build_object('group', g.name, 'number', g.number, 'holders', g.held - 1, 'day', d));
    END IF;
  END LOOP;
END $$;
