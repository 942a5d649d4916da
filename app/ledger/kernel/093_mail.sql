-- 邮件提醒: what waits to be sent is written with the notice itself, and sent by the job. Sent at least once: the row is
-- locked while it is sent and marked in the same transaction, so two workers never send one twice, and a worker that is
-- killed in between leaves it waiting; the repetition bears the same Message-ID.

-- The next morning's summary, by the city's clock.
CREATE OR REPLACE FUNCTION k_next_summary() RETURNS timestamptz
LANGUAGE sql STABLE SET search_path = public, pg_temp AS
$$ SELECT (kernel_today() + 1 + time '08:00') AT TIME ZONE city_zone() $$;

-- To each user whom the notice is for and who wants this kind by mail. Of a unit 不上网 nothing leaves by mail.
CREATE OR REPLACE FUNCTION k_notice_mailed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM mail_setting) OR EXISTS (SELECT 1 FROM unit u WHERE u.not_networked
      AND NEW.scope_path <@ textrange(u.scope_path, u.scope_path || '/')) THEN RETURN NULL; END IF;
  INSERT INTO mail (user_id, notice_id, way, due_at)
  SELECT DISTINCT m.user_id, NEW.id, CASE WHEN NEW.kind = ANY (m.immediate) THEN 'immediate' ELSE 'daily' END,
    CASE WHEN NEW.kind = ANY (m.immediate) THEN now() ELSE k_next_summary() END
    FROM account a JOIN ab_user u ON u.id = a.user_id AND u.active JOIN mail_setting m ON m.user_id = a.user_id
   WHERE (a.office_id = NEW.office_id OR a.unit_id = NEW.unit_id OR a.person_id = NEW.person_id OR a.kind = NEW.duty)
     AND a.kind <> 'service' AND in_force(a.started_on, a.ended_on) AND coalesce(a.kind = NEW.hat, a.kind <> 'supervisor')
     AND (NEW.user_id IS NULL OR a.user_id = NEW.user_id OR NEW.user_id = (SELECT p.user_id FROM account p
       WHERE p.id = a.delegated_from)) AND NEW.kind = ANY (m.immediate || m.daily) ORDER BY 1;
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER notice_mailed AFTER INSERT ON notice FOR EACH ROW EXECUTE FUNCTION k_notice_mailed();

-- One's own wishes; where notices go is on record.
CREATE OR REPLACE FUNCTION set_mail(p_address text, p_immediate text[], p_daily text[], p_from text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_before jsonb; v_after jsonb; v_user int := scope_number(1);
BEGIN
  IF v_user IS NULL THEN PERFORM refuse('not_allowed'); END IF;
  SELECT to_jsonb(m) INTO v_before FROM mail_setting m WHERE user_id = v_user FOR UPDATE;
  IF coalesce(p_address, '') = '' THEN
    DELETE FROM mail_setting WHERE user_id = v_user;
    UPDATE mail SET state = 'dropped', ended_at = now() WHERE user_id = v_user AND state = 'waiting';
  ELSE
    INSERT INTO mail_setting AS m (user_id, address, immediate, daily)
    VALUES (v_user, p_address, coalesce(p_immediate, '{}'), coalesce(p_daily, '{}'))
    ON CONFLICT (user_id) DO UPDATE SET address = excluded.address, immediate = excluded.immediate,
      daily = excluded.daily, changed_at = now() RETURNING to_jsonb(m) INTO v_after;
  END IF;
  PERFORM record_audit('mail.changed', p_from, jsonb_build_object('before', v_before, 'after', v_after));
END $$;

CREATE OR REPLACE FUNCTION k_service() RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  IF scope_part(3) IS DISTINCT FROM 'service' THEN PERFORM refuse('not_allowed'); END IF;
END $$;

-- The next letter that is due: one notice, or all of one user's summary; locked until the end of the transaction. What
-- was dealt with meanwhile, or whose reader has gone, is dropped. No name, no number of a person leaves with it.
CREATE OR REPLACE FUNCTION mail_claim() RETURNS TABLE (mail_id bigint, way text, address text, tries int, kind text,
  process text, number text, unit text, case_id bigint, rule text, at timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE m mail; v_ids bigint[]; v_left bigint[];
BEGIN
  PERFORM k_service();
  LOOP
    SELECT * INTO m FROM mail x WHERE x.state = 'waiting' AND x.due_at <= now() AND (x.way = 'immediate' OR NOT EXISTS (
        SELECT 1 FROM mail y WHERE y.user_id = x.user_id AND y.state = 'waiting' AND y.way = 'daily' AND y.id < x.id
          AND y.due_at <= now())) ORDER BY x.due_at, x.id LIMIT 1 FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN RETURN; END IF;
    v_ids := CASE m.way WHEN 'immediate' THEN ARRAY[m.id] ELSE ARRAY(SELECT x.id FROM mail x WHERE x.user_id = m.user_id
      AND x.state = 'waiting' AND x.way = 'daily' AND x.due_at <= now() ORDER BY x.id FOR UPDATE) END;
    v_left := ARRAY(SELECT x.id FROM mail x JOIN notice n ON n.id = x.notice_id WHERE x.id = ANY (v_ids)
      AND n.settled_at IS NULL AND EXISTS (SELECT 1 FROM mail_setting s JOIN ab_user u ON u.id = s.user_id AND u.active
        JOIN account a ON a.user_id = u.id AND in_force(a.started_on, a.ended_on)
          AND (a.office_id = n.office_id OR a.unit_id = n.unit_id OR a.person_id = n.person_id OR a.kind = n.duty)
        WHERE s.user_id = x.user_id AND NOT EXISTS (SELECT 1 FROM notice_read r WHERE r.account_id = a.id
          AND r.notice_id = n.id) AND NOT EXISTS (SELECT 1 FROM notice_mark k WHERE k.account_id = a.id
          AND k.upto >= n.id)) ORDER BY x.id);
    UPDATE mail x SET state = 'dropped', ended_at = now() WHERE x.id = ANY (v_ids) AND x.id <> ALL (v_left);
    EXIT WHEN cardinality(v_left) > 0;
  END LOOP;
  RETURN QUERY SELECT x.id, x.way, s.address, x.tries, n.kind, v.definition ->> 'title', a.number,
      CASE WHEN NOT u.not_networked THEN u.name END, n.case_id, r.name, n.at
    FROM mail x JOIN notice n ON n.id = x.notice_id JOIN mail_setting s ON s.user_id = x.user_id
    LEFT JOIN application a ON a.id = n.case_id LEFT JOIN process_version v ON v.id = a.process_version_id
    LEFT JOIN unit u ON u.id = a.unit_id LEFT JOIN alarm_rule r ON n.kind = 'alarm' AND r.code = n.why
   WHERE x.id = ANY (v_left) ORDER BY x.id;
END $$;

-- The letter has left (no error), or not: then it is tried again after 1, 2, 4 … minutes, six hours at most, ten times.
CREATE OR REPLACE FUNCTION mail_settle(p_ids bigint[], p_error text, p_final boolean) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM k_service();
  UPDATE mail SET tries = tries + 1, error = left(p_error, 500),
    state = CASE WHEN p_error IS NULL THEN 'sent' WHEN p_final OR tries >= 9 THEN 'failed' ELSE 'waiting' END,
    ended_at = CASE WHEN p_error IS NULL OR p_final OR tries >= 9 THEN now() END,
    due_at = now() + least(interval '1 minute' * (2 ^ tries), interval '6 hours')
   WHERE id = ANY (p_ids) AND state = 'waiting';
END $$;

-- The system administrator has what failed tried again.
CREATE OR REPLACE FUNCTION mail_again(p_mail bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM k_is('system_admin');
  UPDATE mail SET state = 'waiting', tries = 0, due_at = now(), ended_at = NULL WHERE id = p_mail AND state = 'failed';
  IF NOT FOUND THEN PERFORM refuse('not_found'); END IF;
END $$;
