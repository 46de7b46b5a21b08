"""What clients say of rules and campaigns that has no place in scorecards: sent, and sent back."""

from django.db import models

from scorecards.models import Campaign, Rule


class RuleNote(models.Model):
    """The words in which a rule was written: its scope as a query, and an owner that is no team.

    `scope` stands for `Rule.filter`, which is made from it, for as long as that is what `filter`
    holds: an edit of the filter by others makes it void.
    """

    rule = models.OneToOneField(Rule, on_delete=models.CASCADE, related_name="note")
    scope = models.TextField(blank=True)
    filter = models.JSONField(null=True)
    owner = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.rule_id}: {self.scope}"


class CampaignNote(models.Model):
    """The words in which a campaign was written: its scope as a query, its owner as an id."""

    campaign = models.OneToOneField(Campaign, on_delete=models.CASCADE, related_name="note")
    scope = models.TextField(blank=True)
    filter = models.JSONField(null=True)
    owner_id = models.CharField(max_length=200, blank=True)

    def __str__(self) -> str:
        return f"{self.campaign_id}: {self.scope}"
