"""Addresses of the provider and of second factors, under the names that allauth goes by."""

from allauth.mfa.base.views import IndexView
from allauth.mfa.recovery_codes.views import GenerateRecoveryCodesView, ViewRecoveryCodesView
from allauth.mfa.totp.views import DeactivateTOTPView
from django.contrib.auth.decorators import login_not_required
from django.urls import path
from django.views.generic import RedirectView

from portal.sso import views

_to_login = login_not_required(RedirectView.as_view(pattern_name="login"))

urlpatterns = [
    path("oidc/login/", views.oidc_login, name="oidc_login"),
    path("oidc/callback/", views.oidc_callback, name="oidc_callback"),
    path("account/login/", _to_login, name="account_login"),
    path("account/inactive/", _to_login, name="account_inactive"),
    path("account/cancelled/", _to_login, name="socialaccount_login_cancelled"),
    path("account/confirm/", views.ConfirmByPasswordView.as_view(), name="account_reauthenticate"),
    path("account/code/", login_not_required(views.CodeView.as_view()), name="mfa_authenticate"),
    path("account/confirm/code/", views.ConfirmByCodeView.as_view(), name="mfa_reauthenticate"),
    path("account/factor/", IndexView.as_view(), name="mfa_index"),
    path("account/factor/set-up/", views.SetUpView.as_view(), name="mfa_activate_totp"),
    path("account/factor/remove/", DeactivateTOTPView.as_view(), name="mfa_deactivate_totp"),
    path("account/factor/codes/", ViewRecoveryCodesView.as_view(), name="mfa_view_recovery_codes"),
    path(
        "account/factor/codes/new/",
        GenerateRecoveryCodesView.as_view(),
        name="mfa_generate_recovery_codes",
    ),
]
