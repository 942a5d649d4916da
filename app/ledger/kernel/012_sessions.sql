-- The doors: attempts, sessions on their way in, passwords, second factors, tokens of programs.
-- What the signin role calls takes a session's hash; what the app role calls acts for the identity of its transaction.

CREATE OR REPLACE FUNCTION session_idle() RETURNS interval
LANGUAGE sql IMMUTABLE SET search_path = public, pg_temp AS $$ SELECT interval '30 minutes' $$;

-- Counts an attempt before anything is checked, so that parallel ones cannot all pass, and answers how many seconds
-- the door stays shut (0: open). The free attempts over, the delay doubles from one minute to half an hour.
-- Names and addresses stand here as hashes, known or not: a shut door tells nothing about who exists.
CREATE OR REPLACE FUNCTION count_attempt(p_keys bytea[], p_free int[]) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_now timestamptz := clock_timestamp(); v_wait int;
BEGIN
  DELETE FROM sign_in_attempt WHERE key IN (SELECT key FROM sign_in_attempt
    WHERE last_at < v_now - interval '1 day' ORDER BY last_at LIMIT 10 FOR UPDATE SKIP LOCKED);
  INSERT INTO sign_in_attempt (key, failures, last_at, locked_until)
  SELECT k, 0, v_now, v_now FROM unnest(p_keys) k ORDER BY k ON CONFLICT (key) DO NOTHING;
  PERFORM 1 FROM sign_in_attempt WHERE key = ANY (p_keys) ORDER BY key FOR UPDATE;
  SELECT coalesce(max(ceil(extract(epoch FROM locked_until - v_now)))::int, 0) INTO v_wait
    FROM sign_in_attempt WHERE key = ANY (p_keys) AND locked_until > v_now;
  IF v_wait > 0 THEN RETURN v_wait; END IF;
  UPDATE sign_in_attempt t SET failures = failures + 1, last_at = v_now,
    locked_until = CASE WHEN failures + 1 < x.free THEN v_now
      ELSE v_now + least(interval '30 minutes', interval '1 minute' * power(2, least(failures + 1 - x.free, 10))) END
   FROM unnest(p_keys, p_free) x(key, free) WHERE t.key = x.key;
  RETURN 0;
END $$;

-- A good attempt forgets the account's count and takes its own from the address's.
CREATE OR REPLACE FUNCTION sign_in_good(p_account_key bytea, p_address_key bytea) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  UPDATE sign_in_attempt SET failures = CASE WHEN key = p_account_key THEN 0 ELSE greatest(failures - 1, 0) END,
    locked_until = clock_timestamp() WHERE key IN (p_account_key, p_address_key)
$$;

-- What the signin role puts on record, of these kinds only; the identity, where there is one, is named first.
CREATE OR REPLACE FUNCTION sign_in_record(p_kind text, p_user int, p_address text, p_facts jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF p_kind IN ('sign_in.failed', 'sign_in.proved', 'password.failed', 'password.changed', 'factor.failed', 'factor.set_up',
      'factor.recovered') THEN
    PERFORM record_audit(p_kind, p_address, p_facts || jsonb_build_object('user', p_user));
  ELSE
    PERFORM refuse('not_allowed');
  END IF;
END $$;

-- Programs read with a token of the user's: a password or device in other hands may have made one.
CREATE OR REPLACE FUNCTION k_revoke_tokens(p_user int) RETURNS int
LANGUAGE sql SET search_path = public, pg_temp AS $$
  WITH gone AS (UPDATE api_token SET revoked_at = clock_timestamp() WHERE user_id = p_user AND revoked_at IS NULL
    RETURNING 1) SELECT count(*)::int FROM gone
$$;

-- The steps between the password and an open session, in their order.
CREATE OR REPLACE FUNCTION sign_in_stage(p_user int, p_factor boolean, p_kinds text[], p_own_password boolean)
RETURNS text LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT CASE
    WHEN NOT p_factor AND EXISTS (SELECT 1 FROM credential WHERE user_id = p_user AND totp_on IS NOT NULL) THEN 'factor'
    WHEN NOT p_factor AND EXISTS (SELECT 1 FROM account WHERE user_id = p_user AND kind = ANY (p_kinds)
      AND started_on <= kernel_today() AND (ended_on IS NULL OR ended_on > kernel_today())) THEN 'enrol'
    WHEN p_own_password AND EXISTS (SELECT 1 FROM credential WHERE user_id = p_user AND must_change) THEN 'password'
    ELSE 'open' END
$$;

DROP FUNCTION IF EXISTS open_session(int, bigint, bytea, int, text);

-- The caller has checked the password. p_way: password, ldap or oidc; only our own password can be one to change.
CREATE OR REPLACE FUNCTION open_session(p_user int, p_account bigint, p_hash bytea, p_hours int, p_address text,
  p_agent text, p_way text, p_factor boolean, p_kinds text[]) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_account bigint; v_stage text := sign_in_stage(p_user, p_factor, p_kinds, p_way = 'password');
BEGIN
  SELECT a.id INTO v_account FROM account a JOIN ab_user u ON u.id = a.user_id AND u.active
   WHERE a.user_id = p_user AND (p_account IS NULL OR a.id = p_account) AND a.kind <> 'service'
     AND a.started_on <= kernel_today() AND (a.ended_on IS NULL OR a.ended_on > kernel_today())
   ORDER BY a.delegated_from IS NOT NULL, a.id LIMIT 1;
  IF v_account IS NULL THEN PERFORM refuse('bad_credentials'); END IF;
  INSERT INTO sign_in (token_hash, user_id, account_id, expires_at, last_seen_at, address, agent, way, factor,
    factor_kinds, stage, proved_at)
  VALUES (p_hash, p_user, v_account, clock_timestamp() + make_interval(hours => p_hours), clock_timestamp(), p_address,
    left(p_agent, 200), p_way, p_factor, p_kinds, v_stage, clock_timestamp());
  PERFORM name_identity(v_account);
  PERFORM record_audit('sign_in', p_address, jsonb_build_object('user', p_user, 'way', p_way, 'stage', v_stage));
  RETURN v_stage;
END $$;

-- What gives others a way in, or takes one away, asks for a proof of the last five minutes: an open page that somebody
-- left, or a stolen cookie, does none of it.
CREATE OR REPLACE FUNCTION k_proved(p_session bytea) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM sign_in WHERE token_hash = p_session AND user_id = scope_number(1) AND closed_at IS NULL
      AND proved_at > clock_timestamp() - interval '5 minutes') THEN PERFORM refuse('proof_needed'); END IF;
END $$;

-- The signin role has checked the password of the one behind an open session; a code proves by itself (totp_use).
CREATE OR REPLACE FUNCTION prove_session(p_session bytea, p_address text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_user int;
BEGIN
  UPDATE sign_in SET proved_at = clock_timestamp() WHERE token_hash = p_session AND stage = 'open' AND closed_at IS NULL
  RETURNING user_id INTO v_user;
  IF NOT FOUND THEN PERFORM refuse('session_ended'); END IF;
  PERFORM sign_in_record('sign_in.proved', v_user, p_address, '{}');
END $$;

DROP FUNCTION IF EXISTS session_person(bytea);

-- Who stands behind a session, open or on its way in (a quarter of an hour for that); nobody otherwise.
CREATE OR REPLACE FUNCTION session_person(p_hash bytea)
RETURNS TABLE (user_id int, username text, stage text, password text, totp_secret bytea, totp_on timestamptz, way text,
  proved boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT u.id, u.username, s.stage, coalesce(u.password, ''), c.totp_secret, c.totp_on, s.way,
    coalesce(s.proved_at > clock_timestamp() - interval '5 minutes', false) FROM sign_in s
    JOIN ab_user u ON u.id = s.user_id AND u.active LEFT JOIN credential c ON c.user_id = u.id
   WHERE s.token_hash = p_hash AND s.closed_at IS NULL AND s.expires_at > clock_timestamp()
     AND s.last_seen_at > clock_timestamp() - CASE s.stage WHEN 'open' THEN session_idle() ELSE interval '15 minutes' END
$$;

-- A step is done: the session goes on under a new token, so that no token outlives a change of its rights.
CREATE OR REPLACE FUNCTION advance_session(p_old bytea, p_new bytea) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_stage text;
BEGIN
  UPDATE sign_in s SET token_hash = p_new, last_seen_at = clock_timestamp(),
    stage = sign_in_stage(s.user_id, s.factor, s.factor_kinds, s.way = 'password')
   WHERE s.token_hash = p_old AND s.closed_at IS NULL RETURNING stage INTO v_stage;
  IF NOT FOUND THEN PERFORM refuse('session_ended'); END IF;
  RETURN v_stage;
END $$;

-- A new password of one's own: every other session ends, and every token of a program.
CREATE OR REPLACE FUNCTION change_password(p_session bytea, p_password text, p_address text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_user int; n int;
BEGIN
  SELECT user_id INTO v_user FROM session_person(p_session) WHERE stage IN ('open', 'password');
  IF NOT FOUND THEN PERFORM refuse('session_ended'); END IF;
  UPDATE ab_user SET password = p_password, changed_on = now() WHERE id = v_user;
  INSERT INTO credential (user_id, must_change) VALUES (v_user, false)
  ON CONFLICT (user_id) DO UPDATE SET must_change = false;
  UPDATE sign_in SET closed_at = clock_timestamp() WHERE user_id = v_user AND token_hash <> p_session AND closed_at IS NULL;
  GET DIAGNOSTICS n = ROW_COUNT;
  PERFORM sign_in_record('password.changed', v_user, p_address, jsonb_build_object('sessions_ended', n,
    'tokens_revoked', k_revoke_tokens(v_user)));
END $$;

-- The same password hashed at today's cost.
CREATE OR REPLACE FUNCTION rehash_password(p_user int, p_old text, p_new text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  UPDATE ab_user SET password = p_new WHERE id = p_user AND password = p_old
$$;

-- A password that somebody else has given serves once: to choose one's own.
CREATE OR REPLACE FUNCTION password_given() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF NEW.password IS NOT NULL AND scope_number(1) IS NOT NULL AND scope_number(1) <> NEW.id THEN
    INSERT INTO credential (user_id, must_change) VALUES (NEW.id, true)
    ON CONFLICT (user_id) DO UPDATE SET must_change = true;
  END IF;
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER password_given AFTER INSERT OR UPDATE OF password ON ab_user
  FOR EACH ROW EXECUTE FUNCTION password_given();

-- A new secret waits beside the old one's absence until a code proves that the app has it.
CREATE OR REPLACE FUNCTION totp_begin(p_session bytea, p_secret bytea) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_user int;
BEGIN
  SELECT user_id INTO v_user FROM session_person(p_session) WHERE stage IN ('open', 'enrol') AND totp_on IS NULL
    AND (proved OR stage = 'enrol');
  IF NOT FOUND THEN PERFORM refuse('session_ended'); END IF;
  INSERT INTO credential (user_id, totp_secret) VALUES (v_user, p_secret)
  ON CONFLICT (user_id) DO UPDATE SET totp_secret = p_secret, totp_step = NULL;
END $$;

-- The code of a step was right: true once for each step. The first one puts the factor in force, with its recovery codes.
CREATE OR REPLACE FUNCTION totp_use(p_session bytea, p_step bigint, p_recovery bytea[], p_address text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE p record; v_first boolean;
BEGIN
  SELECT * INTO p FROM session_person(p_session) WHERE stage IN ('open', 'enrol', 'factor') AND totp_secret IS NOT NULL;
  IF NOT FOUND THEN PERFORM refuse('session_ended'); END IF;
  v_first := p.totp_on IS NULL;
  UPDATE credential c SET totp_step = p_step, totp_on = coalesce(c.totp_on, clock_timestamp())
   WHERE c.user_id = p.user_id AND (c.totp_step IS NULL OR c.totp_step < p_step);
  IF NOT FOUND THEN RETURN false; END IF;
  UPDATE sign_in SET factor = true, proved_at = clock_timestamp() WHERE token_hash = p_session;
  IF v_first THEN
    DELETE FROM recovery_code WHERE user_id = p.user_id;
    INSERT INTO recovery_code (user_id, code_hash) SELECT p.user_id, c FROM unnest(p_recovery) c;
    UPDATE sign_in SET closed_at = clock_timestamp()
     WHERE user_id = p.user_id AND token_hash <> p_session AND closed_at IS NULL;
    PERFORM sign_in_record('factor.set_up', p.user_id, p_address, '{}');
  END IF;
  RETURN true;
END $$;

CREATE OR REPLACE FUNCTION recovery_use(p_session bytea, p_code bytea, p_address text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_user int;
BEGIN
  SELECT user_id INTO v_user FROM session_person(p_session) WHERE stage = 'factor';
  IF NOT FOUND THEN PERFORM refuse('session_ended'); END IF;
  UPDATE recovery_code SET used_at = clock_timestamp() WHERE user_id = v_user AND code_hash = p_code AND used_at IS NULL;
  IF NOT FOUND THEN RETURN false; END IF;
  UPDATE sign_in SET factor = true, proved_at = clock_timestamp() WHERE token_hash = p_session;
  PERFORM sign_in_record('factor.recovered', v_user, p_address, jsonb_build_object('left',
    (SELECT count(*) FROM recovery_code WHERE user_id = v_user AND used_at IS NULL)));
  RETURN true;
END $$;

DROP FUNCTION IF EXISTS admin_forget_factor(int), end_my_sessions(bigint, text), new_api_token(text, bytea, int, text);

-- The device is lost: the system administrator takes the factor off, never one's own; sessions and tokens end.
CREATE OR REPLACE FUNCTION admin_forget_factor(p_user int, p_session bytea) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM k_is('system_admin');
  PERFORM k_proved(p_session);
  IF p_user = scope_number(1) THEN PERFORM refuse('not_allowed'); END IF;
  UPDATE credential SET totp_secret = NULL, totp_on = NULL, totp_step = NULL WHERE user_id = p_user;
  DELETE FROM recovery_code WHERE user_id = p_user;
  UPDATE sign_in SET closed_at = clock_timestamp() WHERE user_id = p_user AND closed_at IS NULL;
  PERFORM record_audit('factor.forgotten', NULL, jsonb_build_object('user', p_user,
    'tokens_revoked', k_revoke_tokens(p_user)));
END $$;

-- ---- what a user sees and ends of the own account ----

CREATE OR REPLACE FUNCTION my_account() RETURNS TABLE (username text, totp_on timestamptz, codes_left bigint, own_password boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT u.username, c.totp_on,
    (SELECT count(*) FROM recovery_code r WHERE r.user_id = u.id AND r.used_at IS NULL), coalesce(u.password, '') <> ''
    FROM ab_user u LEFT JOIN credential c ON c.user_id = u.id WHERE u.id = scope_number(1)
$$;

DROP FUNCTION IF EXISTS my_sessions(text);

CREATE OR REPLACE FUNCTION my_sessions(p_token text, p_most int)
RETURNS TABLE (id bigint, opened_at timestamptz, last_seen_at timestamptz, address text, agent text, this boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT s.id, s.opened_at, s.last_seen_at, s.address, s.agent, s.token_hash = sha256(convert_to(p_token, 'UTF8'))
    FROM sign_in s WHERE s.user_id = scope_number(1) AND s.closed_at IS NULL AND s.expires_at > clock_timestamp()
     AND s.last_seen_at > clock_timestamp() - session_idle() ORDER BY s.last_seen_at DESC, s.id DESC LIMIT least(p_most, 1000)
$$;

-- One session, or (NULL) every one of mine, this one too.
CREATE OR REPLACE FUNCTION end_my_sessions(p_id bigint, p_address text, p_session bytea) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE n int;
BEGIN
  PERFORM k_proved(p_session);
  UPDATE sign_in SET closed_at = clock_timestamp()
   WHERE user_id = scope_number(1) AND closed_at IS NULL AND (p_id IS NULL OR id = p_id);
  GET DIAGNOSTICS n = ROW_COUNT;
  IF n = 0 THEN PERFORM refuse('not_found'); END IF;
  PERFORM record_audit(CASE WHEN p_id IS NULL THEN 'sign_out.everywhere' ELSE 'session.ended' END, p_address,
    jsonb_build_object('sessions', n));
  RETURN n;
END $$;

-- ---- tokens of programs ----

-- A token reads what its account reads, until its day; the text is shown once, only its hash is here.
CREATE OR REPLACE FUNCTION new_api_token(p_name text, p_hash bytea, p_days int, p_address text, p_session bytea)
RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_id bigint;
BEGIN
  -- Whoever sees business data (app/security/columns.py has a rule for them), but nobody for the own card alone.
  IF scope_number(1) IS NULL OR scope_part(3) IN ('person', 'service')
    OR NOT EXISTS (SELECT 1 FROM identity_rule WHERE kind = scope_part(3)) THEN
    PERFORM refuse('not_allowed');
  END IF;
  PERFORM k_proved(p_session);
  INSERT INTO api_token (user_id, account_id, name, token_hash, scope, expires_at)
  VALUES (scope_number(1), scope_number(2), p_name, p_hash, 'read', clock_timestamp() + make_interval(days => p_days))
  RETURNING id INTO v_id;
  PERFORM record_audit('token.made', p_address, jsonb_build_object('token', v_id, 'days', p_days, 'scope', 'read'));
  RETURN v_id;
END $$;

CREATE OR REPLACE FUNCTION my_api_tokens()
RETURNS TABLE (id bigint, name text, scope text, created_at timestamptz, expires_at timestamptz, last_used_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT t.id, t.name, t.scope, t.created_at, t.expires_at, t.last_used_at FROM api_token t
   WHERE t.user_id = scope_number(1) AND t.account_id = scope_number(2) AND t.revoked_at IS NULL
     AND t.expires_at > clock_timestamp() ORDER BY t.id DESC LIMIT 50
$$;

CREATE OR REPLACE FUNCTION revoke_api_token(p_id bigint, p_address text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  UPDATE api_token SET revoked_at = clock_timestamp()
   WHERE id = p_id AND user_id = scope_number(1) AND revoked_at IS NULL;
  IF NOT FOUND THEN PERFORM refuse('not_found'); END IF;
  PERFORM record_audit('token.revoked', p_address, jsonb_build_object('token', p_id));
END $$;

-- As begin_request, for a program's token: the rest of the transaction can only read.
CREATE OR REPLACE FUNCTION begin_api_request(p_token text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE t record; v_now timestamptz := clock_timestamp(); v_ctx text;
BEGIN
  SELECT k.id, k.account_id, k.last_used_at INTO t FROM api_token k
    JOIN ab_user u ON u.id = k.user_id AND u.active
    JOIN account a ON a.id = k.account_id AND a.user_id = k.user_id
   WHERE k.token_hash = sha256(convert_to(p_token, 'UTF8')) AND k.revoked_at IS NULL AND k.expires_at > v_now;
  IF FOUND AND coalesce(t.last_used_at, '-infinity') < v_now - interval '1 minute' THEN
    UPDATE api_token SET last_used_at = v_now WHERE id =
      (SELECT k.id FROM api_token k WHERE k.id = t.id FOR UPDATE SKIP LOCKED);
  END IF;
  v_ctx := name_identity(t.account_id);
  PERFORM set_config('transaction_read_only', 'on', true);
  RETURN v_ctx;
END $$;

-- ---- how often ----

-- One more hit in a window of so many seconds; all workers count in this one table, which a crash may empty.
CREATE OR REPLACE FUNCTION rate_hit(p_key text, p_seconds int, p_amount int) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_now timestamptz := clock_timestamp(); v_hits int;
BEGIN
  INSERT INTO rate_window AS w (key, hits, ends_at)
  VALUES (p_key, p_amount, v_now + make_interval(secs => p_seconds))
  ON CONFLICT (key) DO UPDATE SET hits = CASE WHEN w.ends_at <= v_now THEN 0 ELSE w.hits END + p_amount,
    ends_at = CASE WHEN w.ends_at <= v_now THEN excluded.ends_at ELSE w.ends_at END
  RETURNING hits INTO v_hits;
  IF v_hits = p_amount THEN
    DELETE FROM rate_window WHERE key IN (SELECT key FROM rate_window WHERE ends_at < v_now - interval '1 minute'
      ORDER BY ends_at LIMIT 20 FOR UPDATE SKIP LOCKED);
  END IF;
  RETURN v_hits;
END $$;

CREATE OR REPLACE FUNCTION rate_state(p_key text) RETURNS TABLE (hits int, ends_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT w.hits, w.ends_at FROM rate_window w WHERE w.key = p_key AND w.ends_at > clock_timestamp()
$$;
