"""Addresses of the pages."""

from django.urls import path, register_converter

from portal.dashboards import views, views_badges, views_boards, views_charts
from portal.dashboards.converters import NameConverter, PathConverter

register_converter(NameConverter, "name")
register_converter(PathConverter, "names")

urlpatterns = [
    path("", views.home, name="home"),
    path("catalog/<name:blueprint>/", views.catalog_table, name="catalog_table"),
    path("catalog/<name:blueprint>/<names:identifier>/", views.entity, name="entity"),
    path("teams/<names:team>/", views.team, name="team"),
    path("numbers/<name:blueprint>/<name:key>/<names:identifier>/", views.number, name="number"),
    path("scorecards/", views.scorecards, name="scorecards"),
    path("scorecards/<name:identifier>/", views.scorecard, name="scorecard"),
    path("dashboards/", views_boards.boards, name="boards"),
    path("dashboards/<names:identifier>/", views_boards.board, name="board"),
    path(
        "badges/<name:blueprint>/<name:identifier>/<name:scorecard>.svg",
        views_badges.badge,
        name="badge",
    ),
    path("badges/<name:blueprint>/<name:identifier>/", views_badges.badges, name="badges"),
    path(
        "charts/numbers/<name:blueprint>/<name:key>/<name:identifier>.svg",
        views_charts.number_chart,
        name="number_chart",
    ),
    path(
        "charts/levels/<name:blueprint>/<name:identifier>/<name:scorecard>.svg",
        views_charts.level_chart,
        name="level_chart",
    ),
    path(
        "charts/graphs/<name:blueprint>/<name:identifier>.svg",
        views_charts.graph_chart,
        name="graph_chart",
    ),
    path(
        "charts/scorecards/<name:identifier>.svg",
        views_charts.scorecard_chart,
        name="scorecard_chart",
    ),
    path(
        "charts/teams/<name:team>/<name:scorecard>.svg",
        views_charts.team_chart,
        name="team_chart",
    ),
    path(
        "charts/boards/<name:identifier>/<name:widget>.svg",
        views_charts.board_chart,
        name="board_chart",
    ),
    path("campaigns/", views.campaigns, name="campaigns"),
    path("campaigns/<name:identifier>/", views.campaign, name="campaign"),
    path("search/", views.search, name="search"),
    path("palette/", views.palette, name="palette"),
]
