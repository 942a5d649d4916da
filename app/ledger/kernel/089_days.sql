-- 任一日: figures of every line on a day, as known at a moment.

-- Who sat on a day is who sits today, less who came after it, and those who left after it; what was recorded later than
-- the moment is taken back, and what was replaced later counts again. So the cost follows what changed since, not the
-- number of people (docs/establishment.md, "Any day"). Lines of units that stood in the reader's range on that day; nobody is
-- named.
CREATE OR REPLACE FUNCTION day_lines(p_on date, p_known timestamptz)
RETURNS TABLE (line_id bigint, unit_id bigint, category text, authorised int, occupied int)
LANGUAGE sql STABLE SECURITY DEFINER ROWS 5000 SET search_path = public, pg_temp SET enable_bitmapscan = on AS $$
  WITH steps AS (
    SELECT o.line_id, -count(*) AS n FROM occupancy o WHERE o.recorded_to IS NULL AND o.started_on > p_on GROUP BY 1
    UNION ALL
    SELECT o.line_id, count(*) FROM occupancy o WHERE o.recorded_to IS NULL AND o.ended_on > p_on GROUP BY 1
    UNION ALL
    SELECT o.line_id, -count(*) FROM occupancy o WHERE p_known IS NOT NULL AND o.recorded_to IS NULL
      AND o.recorded_at >= p_known AND o.started_on <= p_on AND (o.ended_on IS NULL OR o.ended_on > p_on) GROUP BY 1
    UNION ALL
    SELECT o.line_id, count(*) FROM occupancy o WHERE p_known IS NOT NULL AND o.recorded_to >= p_known
      AND o.recorded_at < p_known AND o.started_on <= p_on AND (o.ended_on IS NULL OR o.ended_on > p_on) GROUP BY 1),
  changed AS (SELECT s.line_id, sum(s.n)::int AS n FROM steps s GROUP BY 1),
  numbers AS (SELECT q.line_id, q.authorised FROM quota q
    WHERE q.started_on <= p_on AND (q.ended_on IS NULL OR q.ended_on > p_on)
      AND CASE WHEN p_known IS NULL THEN q.recorded_to IS NULL
        ELSE q.recorded_at < p_known AND (q.recorded_to IS NULL OR q.recorded_to >= p_known) END)
  SELECT l.id, l.unit_id, l.category, q.authorised, t.occupied + coalesce(c.n, 0) FROM quota_line l
    JOIN ledger_total t ON t.line_id = l.id LEFT JOIN numbers q ON q.line_id = l.id LEFT JOIN changed c ON c.line_id = l.id
   WHERE l.kind = 'establishment' AND (q.line_id IS NOT NULL OR t.occupied + coalesce(c.n, 0) <> 0)
     AND l.unit_id IN (SELECT d.unit_id FROM day_units(p_on, p_known, false) d)
$$;
