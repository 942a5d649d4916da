import hashlib
import json

from django.contrib.auth.decorators import login_required, permission_required
from django.db import transaction
from django.http import HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_POST

from .models import Application, Audit, AuditHead, Occupancy, Person, Slot, Task


def health(request):
    return HttpResponse("ok")


@transaction.atomic
def approve(pk, actor):
    a = Application.objects.select_for_update().filter(pk=pk, status="pending").first()
    if a is None:
        return None
    s = (
        Slot.objects.select_for_update(skip_locked=True)
        .filter(unit_id=a.unit_id, category=a.category, status="vacant")
        .order_by("id")
        .first()
    )
    if s is None or Occupancy.objects.filter(slot=s, until=None).exists():
        return None
    now = timezone.now()
    Occupancy.objects.create(slot=s, person_id=a.person_id, since=now.date())
    Slot.objects.filter(pk=s.pk).update(status="filled")
    Person.objects.filter(pk=a.person_id).update(
        status="在编", unit_id=a.unit_id, category=a.category, entered_on=now.date(), updated_at=now
    )
    Application.objects.filter(pk=pk).update(status="approved", decided_at=now, decided_by=actor)
    Task.objects.filter(application_id=pk, status="open").update(status="done", done_at=now)
    head = AuditHead.objects.select_for_update().get(chain=a.unit_id)
    doc = {"application": pk, "person": a.person_id, "slot": s.pk}
    h = hashlib.sha256(bytes(head.hash) + json.dumps(doc).encode()).digest()
    Audit.objects.create(chain=a.unit_id, actor=actor, action="approve", payload=doc, prev_hash=head.hash, hash=h)
    AuditHead.objects.filter(chain=a.unit_id).update(hash=h)
    return s.pk


@require_POST
@login_required
@permission_required("core.change_application", raise_exception=True)
def approve_view(request, pk):
    s = approve(pk, request.user.username)
    return JsonResponse({"slot": s}, status=200 if s else 409)
