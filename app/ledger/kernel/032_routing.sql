-- 分办: who answers for a role in a case. One function says it (case_side), and whoever asks (the engine that hands out a
-- task, the guard of tasks, the decision, the movement) asks this one.

DROP FUNCTION IF EXISTS responsible_office(text, bigint, text);
DROP FUNCTION IF EXISTS case_office(text, case_record, text);
DROP FUNCTION IF EXISTS case_responsible(text, bigint);
DROP FUNCTION IF EXISTS case_source_unit(bigint);

-- The division whose offices answer for a unit: a town's matters are its district's.
CREATE OR REPLACE FUNCTION office_region(p_region text) RETURNS text
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  SELECT CASE WHEN kind = 'town' THEN parent_code ELSE code END FROM region WHERE code = p_region
$$;

CREATE OR REPLACE FUNCTION office_at(p_kind text, p_region text) RETURNS bigint
LANGUAGE sql STABLE SET search_path = public, pg_temp AS
$$ SELECT id FROM office WHERE kind = p_kind AND region_code = p_region $$;

CREATE OR REPLACE FUNCTION city_code() RETURNS text
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$ SELECT code FROM region WHERE kind = 'city' $$;

-- Whether somebody answers under a hat of this kind for a unit today, the one apart who filed.
CREATE OR REPLACE FUNCTION unit_answers(p_unit bigint, p_kind text, p_but bigint) RETURNS boolean
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  SELECT EXISTS (SELECT 1 FROM account a JOIN ab_user u ON u.id = a.user_id AND u.active
    WHERE a.unit_id = p_unit AND a.kind = p_kind AND in_force(a.started_on, a.ended_on)
      AND a.user_id IS DISTINCT FROM p_but::int)
$$;

-- 主管部门: the nearest body above a unit that answers as a competent department; none where there is none.
CREATE OR REPLACE FUNCTION unit_supervisor(p_unit bigint) RETURNS bigint
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  WITH RECURSIVE above AS (
    SELECT l.parent_id AS id, 1 AS n FROM unit u JOIN unit l ON l.id = u.legal_id WHERE u.id = p_unit
    UNION ALL SELECT u.parent_id, b.n + 1 FROM above b JOIN unit u ON u.id = b.id)
  SELECT id FROM above WHERE id IS NOT NULL AND unit_answers(id, 'supervisor', NULL) ORDER BY n LIMIT 1
$$;

-- 干部管理权限: the rules in force on a day that fit a unit's matter, the one that decides first: those that name a
-- leadership level (the higher the level, the earlier), then a rank, a category, the unit's grade, a region.
CREATE OR REPLACE FUNCTION authority_rules(p_on date, p_unit bigint, p_category text, p_level text, p_rank text)
RETURNS SETOF authority_rule LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  SELECT a.* FROM authority_rule a, unit u
   WHERE u.id = p_unit AND a.started_on <= p_on AND (a.ended_on IS NULL OR a.ended_on > p_on)
     AND (a.level = '' OR (p_level <> '' AND p_level <= a.level)) AND (a.rank = '' OR (p_rank <> '' AND p_rank <= a.rank))
     AND a.category IN ('', p_category) AND a.unit_grade IN ('', u.grade)
     AND (a.region_code IS NULL OR a.region_code IN (u.region_code, office_region(u.region_code)))
   ORDER BY a.level = '', a.level, a.rank = '', a.rank, a.category = '', a.unit_grade = '', a.region_code IS NULL,
     length(a.region_code) DESC, a.id
$$;

-- Who decides by the rules: the first whose office or competent department there is.
CREATE OR REPLACE FUNCTION authority_side(p_on date, p_unit bigint, p_category text, p_level text, p_rank text,
  OUT rule bigint, OUT office bigint, OUT unit bigint)
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
DECLARE a authority_rule; v_region text;
BEGIN
  SELECT office_region(u.region_code) INTO v_region FROM unit u WHERE u.id = p_unit;
  FOR a IN SELECT * FROM authority_rules(p_on, p_unit, p_category, p_level, p_rank) LOOP
    rule := a.id;
    IF a.decider = 'supervisor' THEN unit := unit_supervisor(p_unit);
    ELSE office := office_at(replace(a.decider, 'city_', ''), CASE WHEN a.decider LIKE 'city\_%' THEN city_code()
      ELSE v_region END);
    END IF;
    IF office IS NOT NULL OR unit IS NOT NULL THEN RETURN; END IF;
  END LOOP;
  rule := NULL;
END $$;

-- What a case is about, as the rules ask: the highest leadership level and rank that the filed facts, the position and
-- the register name. A level left out of the facts does not take a leader out of the city's hands.
CREATE OR REPLACE FUNCTION case_standing(r case_record, OUT level text, OUT rank text)
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
DECLARE f jsonb := r.facts::jsonb; p person;
BEGIN
  IF coalesce(f ->> 'person', f ->> 'occupancy') IS NOT NULL THEN
    SELECT * INTO p FROM person WHERE id = coalesce((f ->> 'person')::bigint,
      (SELECT o.person_id FROM occupancy o WHERE o.id = (f ->> 'occupancy')::bigint));
  END IF;
  SELECT min(x) INTO level FROM unnest(ARRAY[f ->> 'level', p.level, (SELECT l.level FROM quota_line l
    WHERE l.id = (f ->> 'line')::bigint)]) x WHERE x < '0150' AND x <> '';
  SELECT min(x) INTO rank FROM unnest(ARRAY[f ->> 'rank', p.rank]) x WHERE x <> '';
  level := coalesce(level, ''); rank := coalesce(rank, '');
END $$;

-- 按干部管理权限 who answers for the person in a case, for a unit and a category. The rules are those of the day on
-- which the present facts were filed: a rule of tomorrow moves no running case.
CREATE OR REPLACE FUNCTION case_personnel(r case_record, p_unit bigint, p_category text, OUT office bigint, OUT unit bigint)
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
DECLARE v_on date; v record; s record := case_standing(r);
BEGIN
  SELECT k_city_day(filed_at) INTO v_on FROM case_facts
   WHERE case_id = r.case_id AND revision = r.revision;
  v := authority_side(coalesce(v_on, kernel_today()), p_unit, coalesce(nullif(p_category, ''), '11'), s.level, s.rank);
  office := v.office; unit := v.unit;
END $$;

-- Where a person sits now: the unit whose consent a transfer needs, and the category left.
CREATE OR REPLACE FUNCTION case_left(r case_record, OUT unit bigint, OUT category text)
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  SELECT l.unit_id, l.category FROM occupancy o JOIN quota_line l ON l.id = o.line_id
   WHERE o.person_id = (r.facts::jsonb ->> 'person')::bigint AND o.kind = 'establishment' AND o.recorded_to IS NULL
     AND o.ended_on IS NULL
$$;

-- The kinds of hats under which a role is answered for: an office's, a unit's, a competent department's.
CREATE OR REPLACE FUNCTION role_kinds(p_role text, p_by_unit boolean) RETURNS text[]
LANGUAGE sql IMMUTABLE SET search_path = public, pg_temp AS $$
  SELECT CASE WHEN p_role IN ('source_unit', 'unit') THEN ARRAY['unit_clerk', 'unit_head']
    WHEN p_role = 'unit_head' THEN ARRAY['unit_head'] WHEN p_by_unit THEN ARRAY['supervisor']
    ELSE ARRAY['office_member', 'office_head', 'service'] END
$$;

CREATE OR REPLACE FUNCTION case_source(r case_record) RETURNS bigint
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$ SELECT unit FROM case_left(r) $$;

-- Where a body, a department or people go: the division of whoever takes them in; none where a movement takes nobody elsewhere.
CREATE OR REPLACE FUNCTION case_received_in(f jsonb, p_movement text) RETURNS text
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  SELECT office_region(CASE WHEN p_movement = 'transfer_unit' THEN nullif(f ->> 'region', '')
    WHEN p_movement IN ('merge_unit', 'move_department') THEN (SELECT region_code FROM unit WHERE id = (f ->> 'into')::bigint)
    WHEN p_movement = 'move_people' THEN (SELECT u.region_code FROM quota_line l JOIN unit u ON u.id = l.unit_id
      WHERE l.id = (f ->> 'into_line')::bigint) END)
$$;

-- Who answers for a role in a case: an office or a unit, under hats of which kinds; or nobody is needed (skipped).
-- Neither office, unit nor skipped: somebody is needed and there is none.
CREATE OR REPLACE FUNCTION case_side(p_role text, r case_record, p_movement text, OUT office bigint, OUT unit bigint,
  OUT kinds text[], OUT skipped boolean)
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
DECLARE
  f jsonb := r.facts::jsonb; p record := case_place(r, p_movement); q record; x record; v_region text; v_into text;
BEGIN
  skipped := false;
  IF p.unit IS NULL AND coalesce(p_movement, 'none') = 'none' THEN p.unit := r.unit_id; END IF;
  v_region := office_region(CASE WHEN p.unit IS NOT NULL THEN (SELECT u.region_code FROM unit u WHERE u.id = p.unit)
    WHEN p_movement = 'none' OR p_movement = ANY (k_region_movements()) THEN coalesce(f ->> 'region', city_code()) END);
  CASE p_role
  WHEN 'source_unit' THEN unit := (case_left(r)).unit;
  WHEN 'unit' THEN unit := r.unit_id;
  WHEN 'unit_head' THEN
    IF unit_answers(r.unit_id, 'unit_head', r.filed_by) THEN unit := r.unit_id; ELSE skipped := true; END IF;
  WHEN 'supervisor' THEN
    unit := unit_supervisor(coalesce(p.unit, r.unit_id)); skipped := unit IS NULL;
  WHEN 'personnel' THEN
    x := case_personnel(r, p.unit, p.category); office := x.office; unit := x.unit;
  WHEN 'city_establishment' THEN
    -- 《地方各级人民政府机构设置和编制管理条例》第十八条: administrative establishment is the upper level's to adjust;
    -- a district's public institutions and their support staff are its own.
    office := office_at('establishment', city_code());
    skipped := v_region = city_code() OR coalesce(nullif(p.category, ''), '11') NOT IN ('11', '12');
  WHEN 'receiving_establishment' THEN
    -- 《地方各级人民政府机构设置和编制管理条例》第九条: whoever takes a body in has its say; the city's office once, where it is the upper level too.
    v_into := case_received_in(f, p_movement);
    office := office_at('establishment', v_into);
    skipped := v_into IS NULL OR v_into = v_region
      OR v_into = city_code() AND coalesce(nullif(p.category, ''), '11') IN ('11', '12');
  WHEN 'city_personnel' THEN
    x := case_personnel(r, p.unit, p.category);
    office := office_at(coalesce((SELECT o.kind FROM office o WHERE o.id = x.office), CASE WHEN
      coalesce(nullif(p.category, ''), '11') IN ('11', '12', '21') THEN 'organisation' ELSE 'human_resources' END), city_code());
    skipped := office = x.office;
  WHEN 'source_establishment' THEN
    q := case_left(r);
    office := office_at('establishment', (SELECT office_region(u.region_code) FROM unit u WHERE u.id = q.unit));
    skipped := office = office_at('establishment', v_region);
  WHEN 'source_personnel' THEN
    q := case_left(r); x := case_personnel(r, q.unit, q.category); office := x.office; unit := x.unit;
    x := case_personnel(r, p.unit, p.category);
    skipped := (q.unit IS NOT NULL AND (x.office, x.unit) IS NOT DISTINCT FROM (office, unit));
  WHEN 'commission' THEN office := office_at('establishment', v_region);  -- the commission's own office (048_commission.sql)
  ELSE office := office_at(p_role, v_region);
  END CASE;
  skipped := coalesce(skipped, false); kinds := role_kinds(p_role, unit IS NOT NULL);
  IF skipped THEN office := NULL; unit := NULL; END IF;
END $$;

-- Whether the case's published process asks this office or unit for its word; of a role and under a hat where named.
DROP FUNCTION IF EXISTS case_asks(case_record, bigint, bigint);
CREATE OR REPLACE FUNCTION case_asks(r case_record, p_office bigint, p_unit bigint, p_role text, p_kind text) RETURNS boolean
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  -- The role that bears the office's own name is asked first: mostly it is the one, and no other has to be worked out.
  SELECT EXISTS (SELECT 1 FROM (SELECT role FROM (
      SELECT q ->> 'role' AS role FROM jsonb_each(v.requirements) m(k, qs), jsonb_array_elements(qs) q
      UNION SELECT t ->> 'role' FROM jsonb_array_elements(v.definition -> 'stages') s, jsonb_array_elements(s -> 'tasks') t) y
      ORDER BY role IS DISTINCT FROM (SELECT kind FROM office WHERE id = p_office)) x
    CROSS JOIN LATERAL case_side(x.role, r, case_movement(r)) s
    WHERE (p_role IS NULL OR x.role = p_role) AND (p_kind IS NULL OR p_kind = ANY (s.kinds))
      AND (s.office = p_office OR s.unit = p_unit))
  FROM process_version v WHERE v.id = r.process_version_id
$$;

-- Whom a movement passed over stays on record: afterwards nobody could tell (the person sits elsewhere, a head has come).
CREATE OR REPLACE FUNCTION k_passed_over(r case_record, p_movement text) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE v_over text[];
BEGIN
  SELECT array_agg(DISTINCT q ->> 'role') INTO v_over FROM process_version v,
      jsonb_array_elements(v.requirements -> p_movement) q
   WHERE v.id = r.process_version_id AND q ->> 'role' IN ('unit_head', 'supervisor', 'city_establishment',
     'city_personnel', 'source_establishment', 'source_personnel', 'receiving_establishment')
     AND (SELECT s.skipped FROM case_side(q ->> 'role', r, p_movement) s);
  IF v_over IS NOT NULL THEN UPDATE case_record SET passed_over = v_over WHERE case_id = r.case_id; END IF;
END $$;

-- Routing for the engine: the side that a task of this role goes to.
CREATE OR REPLACE FUNCTION case_route(p_case bigint, p_role text, OUT office_id bigint, OUT unit_id bigint, OUT skipped boolean)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE r case_record; s record;
BEGIN
  SELECT * INTO r FROM case_record WHERE case_id = p_case AND sees_case(p_case);
  IF NOT FOUND THEN RETURN; END IF;
  s := case_side(p_role, r, case_movement(r));
  office_id := s.office; unit_id := s.unit; skipped := s.skipped;
END $$;
