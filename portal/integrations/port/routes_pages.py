"""The addresses of pages and of the sidebar."""

from django.urls import path

from portal.integrations.port import views_pages as views

urlpatterns = [
    path("pages", views.PagesView.as_view()),
    path("pages/<segment:page>", views.PageView.as_view()),
    path("pages/<segment:page>/permissions", views.PagePermissionsView.as_view()),
    path("pages/<segment:page>/widgets", views.WidgetsView.as_view()),
    path("pages/<segment:page>/widgets/<segment:widget>", views.WidgetView.as_view()),
    path("sidebars/catalog", views.SidebarView.as_view()),
    path("sidebars/catalog/folders", views.FoldersView.as_view()),
    path("sidebars/catalog/folders/<segment:folder>", views.FolderView.as_view()),
]
