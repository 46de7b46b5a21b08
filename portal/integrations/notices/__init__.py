"""What is told to channels: reports at set times, alerts at once, reminders of campaigns."""
