"""Sending by mail: text and HTML, with the chart inside."""

import smtplib
from datetime import datetime
from email.mime.image import MIMEImage
from email.utils import parseaddr

from django.conf import settings
from django.core.mail import EmailMultiAlternatives

from portal.integrations.channels.definitions import recipients_of
from portal.integrations.channels.outcomes import Envelope, PutOff, Rejected, Sent
from portal.integrations.messages import Message, charts, mail, plain
from portal.integrations.models import Channel

CHART = "chart"
# What says that the site itself, or a mailbox, is wrong.
_LASTING = (
    smtplib.SMTPAuthenticationError,
    smtplib.SMTPRecipientsRefused,
    smtplib.SMTPSenderRefused,
    smtplib.SMTPNotSupportedError,
)


def send_mail(channel: Channel, envelope: Envelope, *, now: datetime) -> Sent:
    """Send to the addresses of a channel, in one mail."""
    recipients = recipients_of(channel.target)
    try:
        mail_of(envelope, recipients).send()
    except _LASTING as error:
        # A mailbox that is full or a list that is greyed answers in the 400s, and may take it yet.
        raise (PutOff if _is_passing(error) else Rejected)(_told(error)) from None
    except (smtplib.SMTPException, OSError) as error:
        raise PutOff(_told(error)) from None
    if settings.EMAIL_BACKEND.endswith("console.EmailBackend"):
        return Sent("Written to standard output: EMAIL_URL names no server of mail.")
    return Sent(f"The server of mail took it for {', '.join(recipients)}.")


def mail_of(envelope: Envelope, recipients: list[str]) -> EmailMultiAlternatives:
    """Return the mail of a message; its Message-ID is the same at every try."""
    message: Message = envelope.message
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
    made = EmailMultiAlternatives(
        subject=mail.subject(message),
        body=plain.as_text(message),
        to=recipients,
        headers={
            "Message-ID": f"<{envelope.id}@{domain}>",
            # So that nobody's absence is answered to a machine.
            "Auto-Submitted": "auto-generated",
        },
    )
    image = f"cid:{CHART}" if message.chart else ""
    made.attach_alternative(mail.render(message, image=image), "text/html")
    if message.chart:
        made.mixed_subtype = "related"
        picture = MIMEImage(charts.draw(message.chart))
        picture.add_header("Content-ID", f"<{CHART}>")
        picture.add_header("Content-Disposition", "inline", filename="chart.png")
        made.attach(picture)
    return made


def _is_passing(error: Exception) -> bool:
    match error:
        case smtplib.SMTPRecipientsRefused():
            return any(400 <= code < 500 for code, _ in error.recipients.values())
        case smtplib.SMTPResponseException():
            return 400 <= error.smtp_code < 500
    return False


def _told(error: Exception) -> str:
    """Return what went wrong by its kind and code; a server's own words may hold anything."""
    code = f" ({error.smtp_code})" if isinstance(error, smtplib.SMTPResponseException) else ""
    words = {
        smtplib.SMTPAuthenticationError: "The server of mail refused the name and password",
        smtplib.SMTPRecipientsRefused: "The server of mail refused every recipient",
        smtplib.SMTPSenderRefused: "The server of mail refused the sender",
        smtplib.SMTPServerDisconnected: "The server of mail broke the connection",
    }
    told = words.get(type(error), "The server of mail could not be reached, or refused the message")
    return f"{told}{code}."
