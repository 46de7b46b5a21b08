"""What becomes of a request that got no answer. No message holds more of a URL than its host."""


class OutboundError(Exception):
    """There is no answer; the message says why and can be shown to whoever set the address."""


class Refused(OutboundError):
    """Nothing was sent, and nothing will be until the address, the headers or a setting change."""


class Unreachable(OutboundError):
    """No complete answer came. Another try may fare better.

    `was_sent` says whether the request may have reached the other side: False where there never
    was a connection.
    """

    def __init__(self, message: str, *, was_sent: bool = True) -> None:
        super().__init__(message)
        self.was_sent = was_sent
