"""Django's own tables, then a chief (whole city) and a clerk of one unit."""

import os

os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
import django

django.setup()
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection

call_command("migrate", verbosity=0)
with connection.cursor() as c:
    c.execute("select id from unit where name = '佛山市教育局'")
    unit = c.fetchone()[0]
for name, last in (("chief", "all"), ("clerk", str(unit))):
    if not User.objects.filter(username=name).exists():
        User.objects.create_superuser(name, password="bench-pass-1", last_name=last)
