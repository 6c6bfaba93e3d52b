"""Events of a case, in books and on paper: each kind has a method that plays it."""


class EventPlayer:
    """Whoever plays events; ``_play_pay`` plays those that tell what was paid."""

    def play_event(self, event):
        """Play an event by its kind, which is the first of its keys that is one.

        :return: what the kind's method returns
        """
        return next(
            method
            for key in event
            if (method := getattr(self, f"_play_{key}", None)) is not None
        )(event)
