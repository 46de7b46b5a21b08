"""Settings, read from the environment; the defaults serve one machine with SQLite, no broker."""

import secrets
import sys
from contextlib import suppress
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.templatetags.static import static
from environs import Env, validate

env = Env()

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(env.str("TIDEMARK_DATA_DIR", str(BASE_DIR / "var")))
DATA_DIR.mkdir(parents=True, exist_ok=True)


def _stored_secret_key() -> str:
    """Return this installation's key, made on the first start and kept in the data directory."""
    path = DATA_DIR / "secret_key"
    if not path.exists():
        draft = DATA_DIR / f"secret_key.{secrets.token_hex(8)}"
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(50))
        # A link appears whole or not at all: processes that start together agree on one key.
        with suppress(FileExistsError):
            path.hardlink_to(draft)
        draft.unlink()
    return path.read_text()


SECRET_KEY = env.str("SECRET_KEY", "") or _stored_secret_key()
# A comma too many must not make the empty text a key: anybody could sign with that.
SECRET_KEY_FALLBACKS = [
    key for key in env.list("SECRET_KEY_FALLBACKS", [], subcast=str.strip) if key
]
DEBUG = env.bool("DEBUG", False)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", [])
TIDEMARK_PUBLIC_READ = env.bool("TIDEMARK_PUBLIC_READ", False)
# Whether answers tell how long they took (the header Server-Timing).
TIDEMARK_SERVER_TIMING = env.bool("TIDEMARK_SERVER_TIMING", False)
# For how many days the audit log is kept; 0 keeps all of it.
TIDEMARK_KEEP_AUDIT_DAYS = env.int(
    "TIDEMARK_KEEP_AUDIT_DAYS", 730, validate=validate.Range(min=0, max=36_500)
)
# Host names, addresses and networks that what goes out may reach although they are not public.
TIDEMARK_ALLOWED_HOSTS_OUT = env.list("TIDEMARK_ALLOWED_HOSTS_OUT", [])

# The address of this site, for links in what it sends: https://portal.example.com
TIDEMARK_URL = env.str("TIDEMARK_URL", "").rstrip("/")

# The server of mail, such as submission://name:password@smtp.example.com:587; without one, mail is
# written to standard output.
_EMAIL = env.dj_email_url("EMAIL_URL", "console:")
if "EMAIL_BACKEND" not in _EMAIL:
    raise ImproperlyConfigured(
        "EMAIL_URL must begin with submission:// (TLS), smtp:// or console:, for example "
        "submission://name:password@smtp.example.com:587"
    )
EMAIL_BACKEND = _EMAIL["EMAIL_BACKEND"]
EMAIL_FILE_PATH = _EMAIL["EMAIL_FILE_PATH"]
EMAIL_HOST, EMAIL_PORT = _EMAIL["EMAIL_HOST"], _EMAIL["EMAIL_PORT"]
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _EMAIL["EMAIL_HOST_USER"], _EMAIL["EMAIL_HOST_PASSWORD"]
EMAIL_USE_SSL, EMAIL_USE_TLS = _EMAIL["EMAIL_USE_SSL"], _EMAIL["EMAIL_USE_TLS"]
EMAIL_TIMEOUT = 20
TIDEMARK_SENDS_MAIL = bool(env.str("EMAIL_URL", ""))
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", "") or "Tidemark <tidemark@localhost>"

# Who signs in how: with a password kept here, through an OpenID Connect provider, with a second
# factor. The last two are made by the extra "sso" and are there once they are set.
TIDEMARK_LOCAL_LOGIN = env.bool("TIDEMARK_LOCAL_LOGIN", True)
TIDEMARK_REQUIRE_MFA = env.bool("TIDEMARK_REQUIRE_MFA", False)
TIDEMARK_MFA = env.bool("TIDEMARK_MFA", False) or TIDEMARK_REQUIRE_MFA
TIDEMARK_OIDC: dict[str, Any] = {}
if env.str("TIDEMARK_OIDC_SERVER_URL", ""):
    TIDEMARK_OIDC = {
        "name": env.str("TIDEMARK_OIDC_NAME", "single sign-on"),
        "server_url": env.str("TIDEMARK_OIDC_SERVER_URL").rstrip("/"),
        "client_id": env.str("TIDEMARK_OIDC_CLIENT_ID"),
        "client_secret": env.str("TIDEMARK_OIDC_CLIENT_SECRET", ""),
        "scopes": env.list("TIDEMARK_OIDC_SCOPES", ["openid", "profile", "email"], delimiter=" "),
        "groups_claim": env.str("TIDEMARK_OIDC_GROUPS_CLAIM", "groups"),
        # Pairs of group=team; without any, a group is the team of the same identifier or title.
        "team_by_group": env.dict("TIDEMARK_OIDC_TEAM_BY_GROUP", {}),
        "admin_group": env.str("TIDEMARK_OIDC_ADMIN_GROUP", ""),
        "viewer_group": env.str("TIDEMARK_OIDC_VIEWER_GROUP", ""),
        # Domains whose addresses count as verified although the provider does not say so.
        "verified_domains": env.list("TIDEMARK_OIDC_VERIFIED_DOMAINS", []),
    }
TIDEMARK_USES_SSO = bool(TIDEMARK_OIDC) or TIDEMARK_MFA
if TIDEMARK_USES_SSO and find_spec("allauth") is None:
    raise ImproperlyConfigured(
        "TIDEMARK_OIDC_SERVER_URL, TIDEMARK_MFA and TIDEMARK_REQUIRE_MFA need the extra sso: "
        "pip install 'django-allauth[socialaccount,mfa]>=65.21,<66'"
    )

INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "unfold.contrib.inlines",
    "portal.workshop.WorkshopConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "csp",
    "django_celery_results",
    "django_filters",
    "django_htmx",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "knox",
    "rest_framework",
    *(
        ["allauth", "allauth.account", "allauth.socialaccount", "allauth.mfa", "portal.sso"]
        if TIDEMARK_USES_SSO
        else []
    ),
    "portal",
    "catalog",
    "scorecards",
    "portal.dashboards",
    "portal.integrations",
]

MIDDLEWARE = [
    "portal.request_log.RequestLogMiddleware",
    "portal.middleware.ServerTimingMiddleware",
    "portal.middleware.ClientAddressMiddleware",
    "portal.integrations.addresses.WholeSegments",
    "django.middleware.security.SecurityMiddleware",
    "portal.middleware.PermissionsPolicyMiddleware",
    "portal.middleware.CompressStaticMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "portal.middleware.LoginUnlessPublicMiddleware",
    *(
        [
            "allauth.account.middleware.AccountMiddleware",
            "portal.sso.middleware.RequireSecondFactor",
        ]
        if TIDEMARK_USES_SSO
        else []
    ),
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"
ASGI_APPLICATION = "portal.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portal.dashboards.context_processors.navigation",
                "portal.signin.context_processors.ways_in",
            ],
            # Every template speaks through translate and blocktranslate.
            "builtins": ["django.templatetags.i18n"],
        },
    }
]

# A new connection costs PostgreSQL a process, which has to read about all tables again. Kept, and
# looked at before each request, a connection lasts until its database goes away.
DATABASES = {
    "default": env.dj_db_url(
        "DATABASE_URL",
        f"sqlite:///{DATA_DIR / 'tidemark.sqlite3'}",
        conn_max_age=env.int("TIDEMARK_CONNECTION_SECONDS", 600),
        conn_health_checks=True,
    )
}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # IMMEDIATE takes the write lock at BEGIN: a transaction that reads and then writes waits for
    # its turn instead of failing with "database is locked".
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": (
            "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;PRAGMA foreign_keys=ON;"
            "PRAGMA cache_size=-64000;"
        ),
    }
# Knox's own token model is swapped for ours; its migrations would make its table all the same.
MIGRATION_MODULES = {"knox": None}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "portal.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"

# What allauth is to do: no accounts of people's own making, no mail, no counting of its own (ours
# holds over all processes), no tokens kept.
ACCOUNT_ADAPTER = "portal.sso.adapters.AccountAdapter"
ACCOUNT_EMAIL_VERIFICATION = SOCIALACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_RATE_LIMITS = MFA_RATE_LIMITS = False
ACCOUNT_REAUTHENTICATION_TIMEOUT = 600
SOCIALACCOUNT_ADAPTER = "portal.sso.adapters.SocialAccountAdapter"
SOCIALACCOUNT_LOGIN_ON_GET = True
MFA_ADAPTER = "portal.sso.adapters.MfaAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Tidemark"
MFA_TOTP_TOLERANCE = 1

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_I18N = True
LOCALE_PATHS = [BASE_DIR / "portal" / "locale"]
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATIC_ROOT.mkdir(exist_ok=True)  # whitenoise warns when it is missing
STATICFILES_DIRS = [BASE_DIR / "portal" / "static"]
# The one-command start serves static files from the packages themselves, without collectstatic.
WHITENOISE_USE_FINDERS = True

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = round(env.float("TIDEMARK_SESSION_HOURS", 336) * 3600)
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = env.bool("TIDEMARK_HTTPS", False)
if env.bool("TIDEMARK_HTTPS", False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_SSL_REDIRECT = True
    # Whoever watches over the site asks the process, and not the proxy that speaks HTTPS.
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
# Other names of the domain, and lists in browsers, are for who owns the domain to decide.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
# How many proxies stand in front, each of which adds the address it was asked from to the header
# X-Forwarded-For; what is further to the left was written by whoever asked.
TIDEMARK_PROXIES = env.int(
    "TIDEMARK_PROXIES",
    1 if env.bool("TIDEMARK_HTTPS", False) else 0,
    validate=validate.Range(min=0, max=20),
)
DATA_UPLOAD_MAX_MEMORY_SIZE = env.int("TIDEMARK_MAX_BODY_BYTES", 10 * 1024 * 1024)

# Hosts (with a port, where it is not the usual one) whose pages may be shown on dashboards.
TIDEMARK_FRAME_HOSTS = [host.lower() for host in env.list("TIDEMARK_FRAME_HOSTS", [])]

CONTENT_SECURITY_POLICY = {
    # The admin theme needs unsafe-eval (Alpine) and inline styles; everything of our own does not.
    "EXCLUDE_URL_PREFIXES": ["/admin/"],
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "frame-src": [f"https://{host}" for host in TIDEMARK_FRAME_HOSTS] or ["'none'"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
    },
}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "portal.api.authentication.ScopedTokenAuthentication",
        "portal.api.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["portal.api.authentication.ScopePermission"],
    "DEFAULT_FILTER_BACKENDS": ["portal.api.lists.FilterBackend"],
    "DEFAULT_PAGINATION_CLASS": "portal.api.lists.PageNumberPagination",
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["portal.bodies.BodyParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "portal.exception_handler.exception_handler",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
REST_KNOX = {
    "TOKEN_MODEL": "portal.ApiToken",
    "TOKEN_TTL": timedelta(days=90),
    "TOKEN_PREFIX": "tdm_",
}
KNOX_TOKEN_MODEL = REST_KNOX["TOKEN_MODEL"]
SPECTACULAR_SETTINGS = {
    "TITLE": "Tidemark",
    "DESCRIPTION": "Software catalog, scorecards and DORA metrics.",
    "VERSION": "0.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["portal.api.authentication.ScopePermission"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    # Called status where it was found, and state where it is reported.
    "ENUM_NAME_OVERRIDES": {
        "ResultEnum": "scorecards.models.RuleChange.Result",
        "CampaignStatusEnum": "scorecards.models.Campaign.Status",
        "OutcomeBatchStatusEnum": "scorecards.models.OutcomeBatch.Status",
    },
}

CELERY_BROKER_URL = env.str("CELERY_BROKER_URL", "")
CELERY_BEAT_SCHEDULER = "portal.scheduling:ClaimingScheduler"
CELERY_RESULT_BACKEND = "django-db"
CELERY_RESULT_EXTENDED = True
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# Above this many entities a re-evaluation or refresh leaves the request and goes to the task queue.
TIDEMARK_INLINE_LIMIT = env.int("TIDEMARK_INLINE_LIMIT", 2_000)
# For how long what was deleted can be restored; 0 keeps nothing.
TIDEMARK_KEEP_DELETED_DAYS = env.int("TIDEMARK_KEEP_DELETED_DAYS", 30)

UNFOLD = {
    "SITE_TITLE": "Tidemark",
    "SITE_HEADER": "Tidemark",
    "SITE_SUBHEADER": "Workshop",
    "SITE_SYMBOL": "water",
    "SITE_URL": "/",
    "SITE_FAVICONS": [
        {
            "rel": "icon",
            "type": "image/svg+xml",
            "href": lambda request: static("tidemark/logo.svg"),
        }
    ],
    "STYLES": [lambda request: static("admin_tidemark/admin.css")],
    "SCRIPTS": [lambda request: static("admin_tidemark/labels.js")],
    "BORDER_RADIUS": "6px",
    # Shades of the accent of the pages, see portal/static/tidemark/tokens.css.
    "COLORS": {
        "primary": {
            "50": "#eff8fb",
            "100": "#e0f2f7",
            "200": "#bfe4ee",
            "300": "#8fd0e2",
            "400": "#4cc9e8",
            "500": "#1b8fae",
            "600": "#0b6b86",
            "700": "#085269",
            "800": "#0a4254",
            "900": "#0c3746",
            "950": "#06222c",
        },
    },
    # Entities are many: the palette asks for the first few itself.
    "COMMAND": {
        "search_models": ["catalog.blueprint", "scorecards.scorecard", "scorecards.rule"],
        "search_callback": "catalog.admin.find_entities",
    },
    "SIDEBAR": {"command_search": True, "navigation": "portal.admin.navigation"},
}

# One line for each request, with its id, status and time.
LOG_REQUESTS = env.bool("LOG_REQUESTS", False)
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request_id": {"()": "portal.request_ids.RequestIdFilter"}},
    "formatters": {
        "plain": {"format": "{asctime} {levelname} {name} {message}", "style": "{"},
        "json": {
            "()": "pythonjsonlogger.json.JsonFormatter",
            "fmt": "{asctime}{levelname}{name}{message}{request_id}",
            "style": "{",
            "rename_fields": {"asctime": "at", "levelname": "level", "name": "logger"},
        },
    },
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "filters": ["request_id"],
            "formatter": env.str("LOG_FORMAT", "plain", validate=validate.OneOf(["plain", "json"])),
        }
    },
    "root": {"handlers": ["stderr"], "level": env.str("LOG_LEVEL", "INFO")},
    # It logs paths and queries, which can hold secrets; portal.http tells what goes out.
    "loggers": {
        "urllib3": {"level": "ERROR"},
        # It names the addresses that it fails to reach; deliveries tell what became of them.
        "apprise": {"level": "CRITICAL", "propagate": False},
    },
}

# True under pytest: tasks then run inside the call that sends them, unless a test says otherwise.
IS_TESTING = "pytest" in sys.modules
