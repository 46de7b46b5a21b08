"""Every write of pages, folders and views.

Atomic, raising `catalog.errors` for what callers did wrong.
"""

from portal.dashboards.operations.boards import (
    Changed,
    Locked,
    arrange_board,
    change_board,
    copy_board,
    copy_widget,
    create_board,
    delete_board,
    put_widget,
    replace_widget,
    take_widget,
)
from portal.dashboards.operations.folders import delete_folder, save_folder
from portal.dashboards.operations.pages import (
    delete_page,
    follow_blueprint,
    forget_blueprint,
    save_missing_pages,
    save_page,
    save_page_permissions,
)
from portal.dashboards.operations.views import change_view, delete_view, save_view
from portal.dashboards.operations.widgets import add_widget, change_widget, remove_widget

__all__ = [
    "Changed",
    "Locked",
    "add_widget",
    "change_view",
    "arrange_board",
    "change_board",
    "change_widget",
    "copy_board",
    "copy_widget",
    "create_board",
    "delete_board",
    "delete_folder",
    "delete_page",
    "delete_view",
    "follow_blueprint",
    "forget_blueprint",
    "put_widget",
    "remove_widget",
    "replace_widget",
    "save_folder",
    "save_missing_pages",
    "save_page",
    "save_page_permissions",
    "save_view",
    "take_widget",
]
