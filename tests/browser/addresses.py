"""The pages of the demo that a browser is sent to."""

PAGES = (
    "/",
    "/catalog/service/",
    "/catalog/service/netbox/",
    "/catalog/deployment/",
    "/catalog/_user/",
    "/teams/netbox-community/",
    "/scorecards/",
    "/scorecards/dora_lead_time/",
    "/campaigns/",
    "/campaigns/within_a_week/",
    "/search/?q=net",
    "/search/?q=nothing-is-called-so",
    "/dashboards/",
    "/dashboards/dora_scorecards/",
    "/badges/service/netbox/",
    "/numbers/service/dora_lead_time/netbox/",
    "/numbers/_team/dora_recovery_of_incidents/netbox-community/?period=2y",
    "/nowhere/",
)

# The pages that people change things in.
ADMIN_PAGES = (
    "/admin/",
    "/admin/catalog/blueprint/",
    "/admin/catalog/blueprint/add/",
    "/admin/catalog/entity/",
    "/admin/catalog/entity/1/change/",
    "/admin/scorecards/scorecard/",
    "/admin/scorecards/scorecard/1/change/",
    "/admin/scorecards/campaign/add/",
    "/admin/scorecards/evaluation/",
    "/admin/scorecards/installedpack/",
    "/admin/integrations/channel/add/",
    "/admin/integrations/report/add/",
    "/admin/integrations/webhook/add/",
)
