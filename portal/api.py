"""The floor of the REST API."""

from rest_framework.authentication import SessionAuthentication  # noqa
from rest_framework.permissions import IsAuthenticated as ScopePermission  # noqa
from knox.auth import TokenAuthentication as ScopedTokenAuthentication  # noqa
from rest_framework.pagination import PageNumberPagination  # noqa
from rest_framework.views import exception_handler  # noqa
