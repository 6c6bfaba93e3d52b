"""Failures of scheduled actions: what is one, how it is logged and told.

Odoo's ``RedirectWarning`` is no ``UserError``, but is meant for people as well.
"""

import logging

from odoo.exceptions import ConcurrencyError, LockError, RedirectWarning, UserError
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

_logger = logging.getLogger(__name__)

#: Somebody else is at the same records at this moment. That is no failure: nothing of
#: ours is kept, and the next run makes up for it.
BUSY = (*PG_CONCURRENCY_EXCEPTIONS_TO_RETRY, ConcurrencyError, LockError)


def failure_text(error):
    """Return why something failed, as whoever has to mend it may read it."""
    if isinstance(error, UserError | RedirectWarning):
        return str(error.args[0])
    return f"{type(error).__name__}: {error}"


def log_failure(records, error):
    """Log what failed; if it was not meant for people, where in the code, too."""
    is_told = isinstance(error, UserError | RedirectWarning)
    text = failure_text(error)
    _logger.error("%s: %s", records, text, exc_info=None if is_told else error)
