from core import views
from django.contrib import admin
from django.urls import path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("approve/<int:pk>/", views.approve_view),
    path("health", views.health),
]
