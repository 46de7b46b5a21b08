"""The addresses of rules and scorecards."""

from django.urls import path

from portal.integrations.datadog import views_rules

urlpatterns = [
    path("v2/scorecard/rules", views_rules.RulesView.as_view()),
    path("v2/scorecard/rules/<segment:rule>", views_rules.RuleView.as_view()),
    path("v2/scorecard/scorecards", views_rules.ScorecardsView.as_view()),
]
