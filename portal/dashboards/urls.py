"""Addresses of the pages."""

from django.urls import path, register_converter

from portal.dashboards import (
    views,
    views_badges,
    views_board_editing,
    views_boards,
    views_bulk,
    views_charts,
    views_exemptions,
    views_exports,
    views_folders,
    views_tables,
    views_teams,
    views_undo,
)
from portal.dashboards.converters import NameConverter, PathConverter

register_converter(NameConverter, "name")
register_converter(PathConverter, "names")

urlpatterns = [
    path("", views.home, name="home"),
    path("catalog/<name:blueprint>/", views_tables.catalog_table, name="catalog_table"),
    path("bulk/<name:blueprint>/", views_bulk.bulk, name="bulk"),
    path("undo/<slug:batch>/", views_undo.undo, name="undo"),
    path("catalog/<name:blueprint>/<names:identifier>/", views.entity, name="entity"),
    path("exports/<name:blueprint>.<slug:form>", views_exports.export, name="export"),
    path("views/<name:blueprint>/", views_tables.save_table_view, name="save_table_view"),
    path(
        "views/<name:blueprint>/<name:identifier>/",
        views_tables.change_table_view,
        name="change_table_view",
    ),
    path("exemptions/", views_exemptions.exempt, name="exempt"),
    path(
        "exemptions/<int:exemption>/withdraw/",
        views_exemptions.withdraw_exemption,
        name="withdraw_exemption",
    ),
    path("teams/", views_teams.teams, name="teams"),
    path("teams/<names:team>/", views.team, name="team"),
    path("numbers/<name:blueprint>/<name:key>/<names:identifier>/", views.number, name="number"),
    path("scorecards/", views.scorecards, name="scorecards"),
    path("scorecards/<name:identifier>/", views.scorecard, name="scorecard"),
    path("dashboards/", views_boards.boards, name="boards"),
    # Beside the dashboards, where no identifier of one can stand in the way.
    path("new-dashboard/", views_boards.new_board, name="board_new"),
    path("new-folder/", views_folders.new_folder, name="folder_new"),
    path("folders/<name:identifier>/", views_folders.folder, name="folder"),
    path("folders/<name:identifier>/delete/", views_folders.delete_folder, name="folder_delete"),
    path("dashboards/<names:identifier>/edit/", views_board_editing.edit, name="board_edit"),
    path("dashboards/<names:identifier>/widget/", views_board_editing.widget, name="board_widget"),
    path(
        "dashboards/<names:identifier>/settings/",
        views_boards.board_settings,
        name="board_settings",
    ),
    path("dashboards/<names:identifier>/copy/", views_boards.copy_board, name="board_copy"),
    path("dashboards/<names:identifier>/delete/", views_boards.delete_board, name="board_delete"),
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
