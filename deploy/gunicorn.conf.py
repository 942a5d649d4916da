"""Gunicorn for a city in service: gunicorn -c deploy/gunicorn.conf.py 'wsgi:create_app()'."""

bind = "unix:/run/bianzhi/web.sock"
workers = 4  # about twice the processors
worker_class = "gthread"
threads = 4
timeout = 60
graceful_timeout = 30  # systemctl reload: running requests end, new workers serve the new code
accesslog = None  # the application writes its own, without what people typed
proxy_protocol = False
control_socket_disable = True
