"""The addresses of teams and users."""

from django.urls import path

from portal.integrations.port import views_people as views

urlpatterns = [
    path("teams", views.TeamsView.as_view()),
    path("teams/<segment:team>", views.TeamView.as_view()),
    path("users", views.UsersView.as_view()),
    path("users/invite", views.InviteView.as_view()),
    path("users/<segment:user>", views.UserView.as_view()),
]
